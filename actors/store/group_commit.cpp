#include "actors/store/group_commit.hpp"

#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace perin::actors {

using namespace runtime;

namespace {

/// The database's trouble, not the change's.
bool is_away(const failure& why) { return why.code == error_code::unavailable; }

failure unknown_outcome() {
    return {error_code::unavailable,
            "the connection to the database was lost during a commit: whether it took place is not "
            "known"};
}

}  // namespace

void group_commit::finish(const std::optional<failure>& lost) {
    open_ = false;
    careful_ = false;
    flushed_ = 0;
    auto all = std::exchange(batch_, {});
    for (auto& one : all) one.deliver(lost);
}

void group_commit::stall(const failure& why) {
    if (!away_)
        log(log_level::warning, "store.stalled", "the database does not do its part",
            {{"code", to_string(why.code)}, {"detail", why.detail}, {"changes", batch_.size()}});
    stalled_ = true;
    away_ = why;
}

std::optional<failure> group_commit::begin() {
    if (open_) return std::nullopt;
    if (auto begun = db_.begin(); !begun) return begun.error();
    open_ = true;
    return std::nullopt;
}

std::optional<failure> group_commit::flush_appends() {
    if (flushed_ == batch_.size()) return std::nullopt;
    persistence::journal_repository journal(db_);
    std::vector<persistence::stream_append> appends;
    appends.reserve(batch_.size() - flushed_);
    for (auto at = flushed_; at < batch_.size(); ++at) appends.push_back(*batch_[at].append);
    if (auto written = journal.append_all(appends); !written) return written.error();
    flushed_ = batch_.size();
    return std::nullopt;
}

void group_commit::enter(waiting_change one) {
    if (away_) {
        if (batch_.size() + later_.size() >= settings_.most_waiting)
            return one.deliver(failure{error_code::unavailable,
                                       "the database does not answer, and too many changes wait"});
        stalled_ = true;
        later_.push_back(std::move(one));
        return;
    }
    batch_.push_back(std::move(one));
    auto lost = begin();
    if (!lost && careful_) {
        lost = apply_carefully(batch_.back());
    } else if (!lost && batch_.back().append == nullptr) {
        // What stands before it in line is done before it.
        auto fresh = std::move(batch_.back());
        batch_.pop_back();
        auto failed = flush_appends();
        batch_.push_back(std::move(fresh));
        if (!failed) {
            if (auto applied = batch_.back().apply(db_); !applied) failed = applied.error();
            flushed_ = batch_.size();
        }
        if (failed) lost = is_away(*failed) ? failed : start_over();
    }
    if (lost) {
        if (is_away(*lost)) return stall(*lost);
        db_.rollback();
        return finish(lost);
    }
    if (batch_.size() >= settings_.batch) commit();
}

void group_commit::commit() {
    if (!open()) return;
    std::optional<failure> lost;
    if (!careful_) {
        lost = flush_appends();
        if (lost && !is_away(*lost)) lost = start_over();
    }
    if (!lost) {
        crash_point("store.before_commit");
        const auto began = std::chrono::steady_clock::now();
        if (auto done = db_.commit(); done) {
            crash_point("store.after_commit");
            auto& counted = meters();
            counted.commits.add();
            counted.batch_size.observe(static_cast<double>(batch_.size()));
            counted.commit_duration.observe(std::chrono::steady_clock::now() - began);
            std::size_t records = 0;
            for (const auto& one : batch_) records += one.records;
            counted.records.add(records);
            return finish(std::nullopt);
        } else {
            lost = done.error();
            unsettled_ = is_away(*lost);
        }
    }
    meters().commits_failed.add();
    if (is_away(*lost)) return stall(*lost);
    log(log_level::error, "store.commit_failed", "a transaction was lost",
        {{"code", to_string(lost->code)}, {"detail", lost->detail}, {"changes", batch_.size()}});
    db_.rollback();
    finish(lost);
}

/// What fails within its savepoint leaves nothing behind and spoils nothing for the others.
std::optional<failure> group_commit::apply_carefully(const waiting_change& one) {
    auto mark = persistence::savepoint::begin(db_);
    if (!mark) return mark.error();
    if (auto applied = one.apply(db_); !applied) {
        if (is_away(applied.error())) return applied.error();
        return std::nullopt;
    }
    if (auto kept = mark->release(); !kept) return kept.error();
    return std::nullopt;
}

std::optional<failure> group_commit::start_over() {
    db_.rollback();
    open_ = false;
    careful_ = true;
    if (auto lost = begin()) return lost;
    for (const auto& one : batch_)
        if (auto lost = apply_carefully(one)) return lost;
    flushed_ = batch_.size();
    return std::nullopt;
}

/// Whether it can be written to: a full disk lets every transaction begin. Leaves no trace.
std::optional<failure> group_commit::try_to_write() {
    constexpr std::array<std::string_view, 2> both = {
        "INSERT INTO settings (name, value) VALUES ('store.probe', '')",
        "DELETE FROM settings WHERE name = 'store.probe'",
    };
    if (auto begun = db_.begin(); !begun) return begun.error();
    for (const auto sql : both)
        if (auto done = db_.execute(sql, {}); !done) return done.error();
    if (auto done = db_.commit(); !done) return done.error();
    return std::nullopt;
}

/// Does the stalled batch again.
std::optional<failure> group_commit::again() {
    if (unsettled_) {
        const auto written = db_.settle();
        if (!written) return written.error();
        unsettled_ = false;
        db_.rollback();
        if (*written) {
            finish(std::nullopt);
            return std::nullopt;
        }
    }
    db_.rollback();
    open_ = false;
    if (batch_.empty()) {
        auto lost = try_to_write();
        db_.rollback();
        return lost;
    }
    auto lost = start_over();
    if (lost) return lost;
    if (auto done = db_.commit(); !done) {
        unsettled_ = is_away(done.error());
        return done.error();
    }
    finish(std::nullopt);
    return std::nullopt;
}

result<void> group_commit::retry() {
    if (auto lost = again()) {
        if (is_away(*lost)) {
            stall(*lost);
            return *lost;
        }
        db_.rollback();
        finish(lost);
    }
    if (away_) log(log_level::info, "store.back", "the database is back");
    stalled_ = false;
    away_.reset();
    auto later = std::exchange(later_, {});
    for (auto& one : later) enter(std::move(one));
    commit();
    if (stalled_) return *away_;
    return {};
}

void group_commit::give_up() {
    if (!stalled_) return;
    const auto why = *away_;
    const auto batch_lost = std::exchange(unsettled_, false) ? unknown_outcome() : why;
    db_.rollback();
    stalled_ = false;
    auto later = std::exchange(later_, {});
    if (const auto lost = batch_.size() + later.size(); lost > 0)
        log(log_level::error, "store.given_up", "changes are lost, and who asked for them is told",
            {{"detail", batch_lost.detail}, {"changes", lost}});
    finish(batch_lost);
    for (auto& one : later) one.deliver(why);
}

}  // namespace perin::actors
