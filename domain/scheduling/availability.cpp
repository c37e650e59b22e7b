#include "domain/scheduling/availability.hpp"

#include "domain/scheduling/open_time.hpp"

#include <algorithm>

namespace perin::scheduling {

namespace {

using std::chrono::minutes;

/// The first moment of a piece's steps from `at` on.
timestamp step_from(const working_piece& piece, timestamp at, minutes step) {
    const auto past = (at - piece.first) % step;
    return past == past.zero() ? at : at + (step - past);
}

/// The first stretch that ends after `at`.
time_set::const_iterator ending_after(const time_set& set, timestamp at) {
    return std::upper_bound(set.begin(), set.end(), at,
                            [](timestamp when, const interval& each) { return when < each.end; });
}

/// Appends the slots that begin at the steps of one piece.
void add_slots(const working_piece& piece, const open_time& open,
               const std::vector<minutes>& durations, minutes step, std::vector<interval>& found) {
    auto free = ending_after(open.free, piece.when.start);
    auto begin = ending_after(open.beginnings, piece.when.start);
    timestamp at = step_from(piece, piece.when.start, step);
    while (at < piece.when.end) {
        while (free != open.free.end() && free->end <= at) ++free;
        while (begin != open.beginnings.end() && begin->end <= at) ++begin;
        if (free == open.free.end() || begin == open.beginnings.end()) return;
        const timestamp possible = std::max(free->start, begin->start);
        if (at < possible) {
            at = step_from(piece, possible, step);
            continue;
        }
        for (const minutes length : durations) {
            if (at + length > free->end) break;
            found.push_back({at, at + length});
        }
        at += step;
    }
}

bool earlier(const interval& one, const interval& other) {
    return one.start != other.start ? one.start < other.start : one.end < other.end;
}

}  // namespace

std::vector<interval> slots_within(const open_time& open, const slot_search& search) {
    auto durations = search.durations;
    std::sort(durations.begin(), durations.end());
    durations.erase(std::unique(durations.begin(), durations.end()), durations.end());
    std::vector<interval> found;
    for (const working_piece& piece : open.grid)
        add_slots(piece, open, durations, search.step, found);
    // Hours of a day may overlap, and then the same slots can be found twice.
    if (!std::is_sorted(found.begin(), found.end(), earlier))
        std::sort(found.begin(), found.end(), earlier);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

result<std::vector<interval>> free_slots(std::span<const person> people,
                                         const slot_search& search) {
    const auto open = open_time_of(people, search);
    if (!open) return open.error();
    return slots_within(*open, search);
}

}  // namespace perin::scheduling
