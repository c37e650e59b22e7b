#pragma once

#include "runtime/calendar_messages.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace perin::actors {

/// How often a decision is made anew because somebody else has changed the calendar meanwhile.
inline constexpr std::size_t most_decisions = 16;
/// Of a file: so many events in one commit, so that others' writes come between.
inline constexpr std::size_t events_a_commit = 500;
/// Bookings that are over count for the limits of their month.
inline constexpr std::chrono::days bookings_kept{62};

/// What decisions are made with besides the calendar: the time, and ids for what is made.
struct decision_sources {
    timestamp now = {};
    /// Of a prefix such as `evt_`.
    std::function<std::string(const char* prefix)> new_id;
};

/// Something that is to be written, and what follows from it once it is.
template <class Answer>
struct decided_commit {
    runtime::commit_calendar commit;
    /// Made of what the store says.
    std::function<Answer(const runtime::calendar_committed&)> answer;
};

/// What a command comes to: an answer at once, or a commit first.
template <class Answer>
using decision = std::variant<result<Answer>, decided_commit<Answer>>;

/// What is looked past: its time is free for what is asked.
struct left_aside {
    std::string event = {};
    /// Of the event this time alone; all of them where it is empty.
    std::string recurrence = {};
    /// Where it is of no event.
    std::string booking = {};
};

/// The booking of that id, or of its key, as a commit has left it; nothing where it wrote none.
[[nodiscard]] std::optional<booking> booking_in(const runtime::calendar_committed& done,
                                                const std::string& id);

/// A time with its buffers, to the minute, on its day in a zone.
[[nodiscard]] booking_time booking_time_of(const scheduling::interval& slot,
                                           const scheduling::buffers& around,
                                           const std::string& timezone);

/// An owner's calendar as it is on disk: its events, its bookings and holds. Decides what may
/// become of them; changes nothing but by `apply`, with what has been committed. No actor, no I/O,
/// no clock.
///
/// An event that takes time and does not repeat is a booking too: a rule of the table keeps
/// bookings of an owner apart, with their buffers, whoever writes. Limits of a link's day are a key
/// and its uses a check of its row. Series and what was imported are no bookings: they are looked
/// at here, and the calendar's version, which every commit names, sees to it that what was looked
/// at still is.
class owner_calendar {
  public:
    explicit owner_calendar(runtime::loaded_calendar loaded);

    [[nodiscard]] const user& owner() const noexcept { return owner_; }
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

    // Questions.
    [[nodiscard]] result<std::vector<scheduling::interval>> free_times(
        const runtime::find_free_time& wanted) const;
    [[nodiscard]] runtime::listed_entries entries(const runtime::list_entries& wanted) const;
    [[nodiscard]] std::vector<calendar::event> events() const { return events_; }

    // Decisions.
    [[nodiscard]] decision<runtime::booking_outcome> decide(const runtime::book_time& wanted,
                                                            const decision_sources& from) const;
    [[nodiscard]] decision<runtime::booking_outcome> decide(const runtime::move_event& wanted,
                                                            const decision_sources& from) const;
    [[nodiscard]] decision<calendar::calendar_entry> decide(const runtime::cancel_event& wanted,
                                                            const decision_sources& from) const;
    [[nodiscard]] decision<booking> decide(const runtime::settle_booking& wanted,
                                           const decision_sources& from) const;
    [[nodiscard]] decision<runtime::booking_outcome> decide(const runtime::move_booking& wanted,
                                                            const decision_sources& from) const;
    /// Up to `most` of the events, from the `first` on: a large file is several commits.
    [[nodiscard]] decision<runtime::events_imported> decide(const runtime::import_events& wanted,
                                                            std::size_t first, std::size_t most,
                                                            const decision_sources& from) const;

    /// `hash` is that of the `token`, which is the answer.
    [[nodiscard]] decision<std::string> decide(const runtime::renew_feed& wanted,
                                               const std::string& token, const std::string& hash,
                                               const decision_sources& from) const;

    /// What was committed is so now.
    void apply(const runtime::commit_calendar& what, const runtime::calendar_committed& done);

  private:
    using range = scheduling::interval;
    /// Of an event: what `events_` does not hold.
    struct kept {
        std::string id;
        std::uint64_t version = 1;
        timestamp created_at = {};
        timestamp updated_at = {};
        /// When it takes place, for the first time.
        range when = {};
    };

    [[nodiscard]] std::optional<std::size_t> find(const std::string& event_id) const;
    [[nodiscard]] std::optional<std::size_t> find(const std::string& uid,
                                                  const std::string& recurrence) const;
    [[nodiscard]] const booking* find_booking(const std::string& id) const;
    [[nodiscard]] const booking* booking_of(const std::string& event_id) const;
    [[nodiscard]] calendar::stored_event stored(std::size_t index) const;
    [[nodiscard]] calendar::stored_event fresh(calendar::event what,
                                               const decision_sources& from) const;
    [[nodiscard]] calendar::stored_event next_version(std::size_t index, calendar::event what,
                                                      const decision_sources& from) const;
    [[nodiscard]] calendar::calendar_entry entry(std::size_t index, timestamp starts_at,
                                                 timestamp ends_at,
                                                 std::optional<std::string> recurrence) const;
    [[nodiscard]] calendar::calendar_entry entry(const calendar::stored_event& of) const;
    [[nodiscard]] calendar::calendar_entry entry(const booking& of) const;

    /// One time that an event takes place.
    struct taking_place {
        std::size_t index;
        timestamp starts_at;
        timestamp ends_at;
        std::optional<std::string> recurrence;
    };
    struct found_places {
        /// By their beginning.
        std::vector<taking_place> all;
        /// Series of which more may lie in the range than could be looked at.
        std::vector<std::size_t> cut_short;
    };
    [[nodiscard]] found_places places(const range& within) const;
    /// The active bookings that block a part of a range.
    [[nodiscard]] std::vector<const booking*> blocking(const range& within) const;
    [[nodiscard]] const booking* booking_with_key(const std::string& key) const;
    void keep(booking one);
    void forget(const std::string& booking_id);

    [[nodiscard]] static bool is_aside(const left_aside& aside, const booking& one);
    [[nodiscard]] bool is_aside(const left_aside& aside, const taking_place& one) const;
    /// What takes time in a range.
    [[nodiscard]] std::vector<scheduling::busy_time> busy(const range& within,
                                                          const left_aside& aside) const;
    [[nodiscard]] std::vector<calendar::calendar_entry> in_the_way(
        const range& of, timestamp now, const left_aside& aside = {}) const;
    /// Meetings there may be in the way of what is searched.
    [[nodiscard]] static range looked_through(const scheduling::slot_search& search);
    /// The rules with what takes time in a range, and around it as far as its limits count.
    [[nodiscard]] scheduling::person filled(scheduling::person rules, const range& within,
                                            const left_aside& aside = {}) const;
    [[nodiscard]] result<std::optional<runtime::time_refused>> refusal_of(
        const runtime::book_time& wanted, const range& slot, const decision_sources& from,
        const left_aside& aside = {}) const;
    [[nodiscard]] std::vector<range> others_near(const runtime::book_time& wanted,
                                                 const range& slot, const decision_sources& from,
                                                 const left_aside& aside = {}) const;
    /// A commit on this version, which lets go of what is held past its time.
    [[nodiscard]] runtime::commit_calendar commit_of(const decision_sources& from,
                                                     const std::optional<runtime::once_key>& once,
                                                     const calendar::calendar_entry& outcome) const;
    [[nodiscard]] runtime::commit_calendar commit_of(const decision_sources& from,
                                                     const std::string& but_not = {}) const;
    void let_go(runtime::commit_calendar& into, timestamp now, const std::string& but_not) const;
    [[nodiscard]] decision<runtime::booking_outcome> move_occurrence(
        const runtime::move_event& wanted, std::size_t index, const decision_sources& from) const;
    [[nodiscard]] decision<runtime::booking_outcome> move_series(
        const runtime::move_event& wanted, std::size_t index, const decision_sources& from) const;

    void put(const calendar::stored_event& what);
    void drop(const std::string& event_id);
    /// Of two events in `events_`.
    void swap_places(std::size_t one, std::size_t other);
    void enter_place(std::size_t index);
    void leave_place(std::size_t index);

    user owner_;
    std::uint64_t version_ = 0;
    bool has_feed_ = false;
    /// Series and what was changed of them, then what takes place once; each in no order.
    std::vector<calendar::event> events_;
    std::vector<kept> kept_;
    std::size_t recurring_ = 0;
    std::unordered_map<std::string, std::size_t> by_id_;
    /// By uid and recurrence id.
    std::map<std::pair<std::string, std::string>, std::size_t> by_uid_;
    /// Those that take place once, by their beginning, and how long the longest has been.
    std::set<std::pair<timestamp, std::size_t>> singles_;
    std::chrono::milliseconds longest_single_{0};
    /// The active ones, by their beginning and id. They lie apart.
    std::map<std::pair<timestamp, std::string>, booking> bookings_;
    std::unordered_map<std::string, timestamp> booking_starts_;
    std::set<std::string> held_;
    std::unordered_map<std::string, std::string> bookings_by_key_;
    std::unordered_map<std::string, std::string> bookings_by_event_;
};

}  // namespace perin::actors
