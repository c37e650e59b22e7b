#pragma once

#include "domain/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin::persistence {

/// What a column or a parameter holds; `std::monostate` is NULL.
using value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// A row does not have the shape its reader expects: somebody else wrote to the database, or it is
/// damaged. Stays within this room: `decode.hpp` turns it into a failure.
class unreadable_row : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// One row of an answer. The accessors throw `unreadable_row` where the column does not exist or
/// holds another type.
class row {
  public:
    row() = default;
    explicit row(std::vector<value> columns) noexcept : columns_(std::move(columns)) {}

    [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }
    /// Whatever it holds.
    [[nodiscard]] const value& at(std::size_t column) const;
    [[nodiscard]] bool is_null(std::size_t column) const;
    [[nodiscard]] std::int64_t integer(std::size_t column) const;
    /// Also of an integer.
    [[nodiscard]] double real(std::size_t column) const;
    [[nodiscard]] const std::string& text(std::size_t column) const;
    /// The text itself, without a copy: afterwards the column is empty.
    [[nodiscard]] std::string take_text(std::size_t column);

  private:
    std::vector<value> columns_;
};

using rows = std::vector<row>;

/// One connection to a database. Not thread-safe: one thread at a time, though not always the same
/// one. Every call may block on the disk, on the network or on another writer.
///
/// Failures: `conflict` where a constraint forbids the change; `invalid_request` where a text
/// cannot be kept (a NUL, or not UTF-8); `unavailable` where the database is busy, full, read-only
/// or cannot be reached, or gave a transaction up for another one's sake: nothing of it remains,
/// and a later try may succeed; `internal` for all else. A detail tells it in words, without SQL,
/// values, addresses or paths.
///
/// A connection that was lost is made again by the first call outside a transaction.
class database {
  public:
    database() = default;
    database(const database&) = delete;
    database& operator=(const database&) = delete;
    virtual ~database() = default;

    /// Runs one statement to its end. Parameters are `$1`, `$2`, ... and must be as many as the
    /// statement names. Texts of statements are kept with their compiled form: build none from
    /// values.
    virtual result<rows> execute(std::string_view sql, std::span<const value> parameters = {}) = 0;

    result<rows> execute(std::string_view sql, std::initializer_list<value> parameters) {
        return execute(sql, std::span<const value>(parameters.begin(), parameters.size()));
    }

    /// Runs a query and hands over each row as it comes, so that a long answer need not fit into
    /// memory. `take` returns false to end it early. `take` must not use the connection.
    virtual result<void> each(std::string_view sql, std::span<const value> parameters,
                              const std::function<bool(row&)>& take) = 0;

    /// How many rows the last `INSERT`, `UPDATE` or `DELETE` that succeeded touched. A `RETURNING`
    /// would tell it too, but costs SQLite a temporary table at each run.
    [[nodiscard]] virtual std::size_t changed() const noexcept = 0;

    /// Begins a transaction that may write; prefer `transaction`. `internal` within another one.
    virtual result<void> begin() = 0;
    /// What was written is durable once this succeeds. After `unavailable` ask `settle`; after any
    /// other failure nothing remains. Then call `rollback`.
    virtual result<void> commit() = 0;
    /// Whether the transaction whose `commit` failed was committed all the same: a connection that
    /// is lost while it waits for the answer leaves that open. `unavailable` where it cannot be
    /// told now: ask again later, and begin nothing until it is known.
    virtual result<bool> settle() = 0;
    /// Ends the transaction, if there is one, as though it had never begun.
    virtual void rollback() noexcept = 0;

    /// `sqlite` or `postgresql`.
    [[nodiscard]] virtual const char* driver() const noexcept = 0;
};

/// Why parameters cannot be kept, if so: both databases then refuse the same ones. SQLite would
/// take them, and cut a text at its NUL.
[[nodiscard]] std::optional<failure> unstorable(std::span<const value> parameters);

/// A transaction that is rolled back unless it is committed. Where the database gave the
/// transaction up by itself (a full disk may do that), every statement fails until it ends.
class transaction {
  public:
    [[nodiscard]] static result<transaction> begin(database& on);

    transaction(transaction&& other) noexcept;
    transaction& operator=(transaction&&) = delete;
    ~transaction();

    /// At most once. Where it fails nothing of the transaction remains, unless the failure says
    /// that this could not be learnt.
    result<void> commit();

  private:
    explicit transaction(database& on) noexcept : on_(&on) {}

    database* on_;
};

/// A part of the transaction under way that can be undone by itself: one failing item of a batch
/// then does not spoil the others. Undone unless released; may be nested, and ends before the
/// transaction does.
class savepoint {
  public:
    [[nodiscard]] static result<savepoint> begin(database& on);

    savepoint(savepoint&& other) noexcept;
    savepoint& operator=(savepoint&&) = delete;
    ~savepoint();

    /// Keeps what was done since `begin` as a part of the transaction. At most once.
    result<void> release();
    /// Undoes it now; needed only where the object lives longer.
    void rollback() noexcept;

  private:
    explicit savepoint(database& on) noexcept : on_(&on) {}

    database* on_;
};

}  // namespace perin::persistence
