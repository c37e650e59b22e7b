#pragma once

#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/open_database.hpp"
#include "tests/persistence/postgresql/postgres_cluster.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perin::persistence::test {

/// A folder of its own that goes with the object.
class temporary_folder {
  public:
    temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

/// The databases that the shared tests run on. A new driver adds its name here and a way to open it
/// in `test_store::open_empty`.
[[nodiscard]] const std::vector<std::string>& drivers();

/// An empty database of a driver, for one test; any number of connections to it.
class test_store {
  public:
    explicit test_store(const std::string& driver);

    /// Where it is, for what opens it by itself.
    [[nodiscard]] database_location location() const;

    /// A connection; the schema is whatever is there.
    [[nodiscard]] std::unique_ptr<database> open_empty();

    /// A connection, with the schema brought up to date.
    [[nodiscard]] std::unique_ptr<database> open();

  private:
    /// Where there is none yet: one that is empty, or has the schema.
    void prepare(bool migrated) const;

    temporary_folder folder_;
    bool on_server_;
    /// Nothing where it is a file, and before the first use.
    mutable std::optional<postgres_test_database> server_;
};

/// Passes everything on; the hook sees each statement first and may fail it.
class watched_database final : public database {
  public:
    using hook = std::function<std::optional<failure>(std::string_view sql)>;

    watched_database(database& inner, hook watch) : inner_(inner), watch_(std::move(watch)) {}

    using database::execute;
    result<rows> execute(std::string_view sql, std::span<const value> parameters) override;
    result<void> each(std::string_view sql, std::span<const value> parameters,
                      const std::function<bool(row&)>& take) override;
    result<bool> settle() override { return inner_.settle(); }
    [[nodiscard]] std::size_t changed() const noexcept override { return inner_.changed(); }
    result<void> begin() override { return inner_.begin(); }
    result<void> commit() override { return inner_.commit(); }
    void rollback() noexcept override { inner_.rollback(); }
    [[nodiscard]] const char* driver() const noexcept override { return inner_.driver(); }

  private:
    database& inner_;
    hook watch_;
};

/// `count` milliseconds after the beginning of 2026.
[[nodiscard]] timestamp at(std::int64_t count);

/// The code a call failed with; nothing where it succeeded.
template <class T>
[[nodiscard]] std::optional<error_code> code_of(const result<T>& outcome) {
    if (outcome) return std::nullopt;
    return outcome.error().code;
}

}  // namespace perin::persistence::test
