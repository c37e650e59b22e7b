#include "actors/calendar/owner_calendar.hpp"

namespace perin::actors {

using namespace runtime;
using scheduling::interval;

decision<booking_outcome> owner_calendar::decide(const move_booking& wanted,
                                                 const decision_sources& from) const {
    using answer = result<booking_outcome>;
    const auto* found = find_booking(wanted.booking_id);
    if (!found || found->delegation_id != wanted.delegation_id)
        return answer{failure{error_code::not_found, "there is no such booking"}};
    const auto& one = *found;
    if (one.state == booking_state::held)
        return answer{failure{error_code::conflict, "the booking is not made yet"}};
    if (one.time.ends_at <= from.now)
        return answer{failure{error_code::gone, "the meeting is over"}};
    if (one.time.starts_at == wanted.starts_at)
        return answer{booking_outcome{time_booked{entry(one), one, true}}};

    book_time asked;
    asked.rules = wanted.rules;
    asked.search.durations = {
        std::chrono::floor<std::chrono::minutes>(one.time.ends_at - one.time.starts_at)};
    asked.search.step = wanted.step;
    asked.placing = scheduling::placing::at_steps;
    const interval slot{wanted.starts_at,
                        wanted.starts_at + (one.time.ends_at - one.time.starts_at)};
    // What it has booked is free for it.
    auto refused =
        refusal_of(asked, slot, from, {.event = one.event_id.value_or(""), .booking = one.id});
    if (!refused) return answer{refused.error()};
    if (*refused) return answer{booking_outcome{std::move(**refused)}};
    if (wanted.only_asks) return answer{booking_outcome{time_booked{entry(one), one}}};

    change_booking change{one.id, one.version,
                          wanted.approval ? booking_state::awaiting_approval : one.state};
    change.time = booking_time_of(slot, wanted.rules.around, wanted.rules.timezone);
    change.most_a_day = wanted.rules.most.a_day;
    auto commit = commit_of(from);
    auto told = entry(one);
    told.starts_at = slot.start;
    told.ends_at = slot.end;
    const auto index = one.event_id ? find(*one.event_id) : std::nullopt;
    if (index && wanted.approval) {
        commit.changes.emplace_back(drop_event{*one.event_id});
    } else if (index) {
        auto event = events_[*index];
        place(event, slot.start, slot.end, owner_.timezone);
        auto next = next_version(*index, std::move(event), from);
        told = entry(next);
        commit.changes.emplace_back(put_event{std::move(next)});
    }
    commit.changes.emplace_back(std::move(change));
    return decided_commit<booking_outcome>{
        std::move(commit), [told, id = one.id](const calendar_committed& done) -> booking_outcome {
            return time_booked{told, booking_in(done, id)};
        }};
}

}  // namespace perin::actors
