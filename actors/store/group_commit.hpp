#pragma once

#include "persistence/database.hpp"
#include "persistence/journal.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace perin::actors {

/// A change that waits for its commit.
struct waiting_change {
    /// Does it on the open transaction, perhaps again, and keeps its answer.
    std::function<result<void>(persistence::database&)> apply;
    /// Gives that answer, or what lost the transaction.
    std::function<void(const std::optional<failure>& lost)> deliver;
    /// Set where the change does nothing but append to the journal: several in a row are then one
    /// statement. Outlives the change.
    const persistence::stream_append* append = nullptr;
    /// Of the journal.
    std::size_t records = 0;
};

struct group_commit_settings {
    /// Most changes that one transaction takes.
    std::size_t batch = 256;
    /// Most changes that wait while the database is away.
    std::size_t most_waiting = 10'000;
};

/// One open transaction and those who wait for it. Blocking; no actor and no clock.
///
/// Changes are done without a savepoint each, which costs as much as a statement. The first that
/// fails undoes the transaction, and all of its changes are done again, each within one.
///
/// Where the database goes away the changes are kept: `stalled` is true until `retry` has done them
/// or `give_up` has told them so. A commit whose outcome is not known is asked for, not repeated.
class group_commit {
  public:
    group_commit(persistence::database& db, group_commit_settings settings)
        : db_(db), settings_(settings) {}

    /// Does a change within the open transaction, which it begins where there is none.
    void enter(waiting_change one);
    /// Ends the transaction, if there is one, and tells all that waited for it.
    void commit();

    /// Whether `commit` has something to do.
    [[nodiscard]] bool open() const noexcept { return open_ && !stalled_; }
    [[nodiscard]] bool stalled() const noexcept { return stalled_; }
    /// The database failed when it was last used: nothing is tried but by `retry`.
    [[nodiscard]] bool away() const noexcept { return away_.has_value(); }

    /// Tries again what is stalled, and else whether the database is there. Success: nothing is
    /// stalled any more. Failure: it stays as it is.
    [[nodiscard]] result<void> retry();
    /// Tells everybody who is stalled why.
    void give_up();

  private:
    void stall(const failure& why);
    void finish(const std::optional<failure>& lost);
    [[nodiscard]] std::optional<failure> flush_appends();
    [[nodiscard]] std::optional<failure> begin();
    [[nodiscard]] std::optional<failure> apply_carefully(const waiting_change& one);
    [[nodiscard]] std::optional<failure> start_over();
    [[nodiscard]] std::optional<failure> try_to_write();
    [[nodiscard]] std::optional<failure> again();

    persistence::database& db_;
    const group_commit_settings settings_;
    /// Of the open transaction; those from `flushed_` on are appends that are not written yet.
    std::vector<waiting_change> batch_;
    std::size_t flushed_ = 0;
    bool open_ = false;
    bool careful_ = false;
    bool stalled_ = false;
    /// The commit of `batch_` was sent, and nobody knows how it ended.
    bool unsettled_ = false;
    /// How the database failed last.
    std::optional<failure> away_;
    /// Came while it was stalled.
    std::vector<waiting_change> later_;
};

}  // namespace perin::actors
