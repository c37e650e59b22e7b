#include "domain/calendar/expansion.hpp"

#include "domain/calendar/recurrence_times.hpp"
#include "domain/calendar/zone_clock.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace perin::calendar {

namespace {

using namespace std::chrono;

constexpr sys_seconds earliest = sys_days{year{1} / January / 1};
constexpr sys_seconds latest = sys_days{year{9998} / December / 31};
/// Further from UTC than any zone, so that a window on UTC's clock covers the wall clock's.
constexpr auto zone_room = days{2};

/// A moment of a series as one number, on whatever clock its recurrence ids are.
using occurrence_key = std::int64_t;

occurrence_key key_of(const moment& recurrence_id) {
    return recurrence_id.local.time_since_epoch().count();
}

class expander {
  public:
    expander(std::span<const event> events, timestamp from, timestamp until,
             const std::string& viewer, const expansion_bounds& bounds)
        : events_(events),
          from_(std::clamp(ceil<seconds>(from), earliest, latest)),
          until_(std::clamp(ceil<seconds>(until), earliest, latest)),
          viewer_(viewer),
          bounds_(bounds),
          steps_left_(bounds.steps) {}

    expansion run() {
        for (std::size_t i = 0; i < events_.size(); ++i) {
            const auto& one = events_[i];
            if (one.recurrence_id) changed_[one.uid].insert(key_of(*one.recurrence_id));
        }
        for (std::size_t i = 0; i < events_.size(); ++i) {
            const auto& one = events_[i];
            if (one.status == event_status::cancelled) continue;
            if (one.repeats() && !one.recurrence_id) {
                expand_series(i);
            } else {
                add(i, one.start.local, one.length, one.recurrence_id);
            }
        }
        std::ranges::sort(out_.occurrences, {}, [](const occurrence& one) {
            return std::tuple(one.starts_at, one.event, one.ends_at);
        });
        return std::move(out_);
    }

  private:
    /// One series as it is expanded.
    struct series {
        std::size_t index;
        const event& master;
        zone_clock& clock;
        const std::unordered_set<occurrence_key>* changed;
        std::vector<occurrence_key> excluded;
        std::unordered_set<occurrence_key> seen;
        std::size_t left;
        bool full = false;
    };

    zone_clock& clock_of(const event& one) {
        const auto& name = one.start.form == time_form::zoned ? one.start.timezone : viewer_;
        return clocks_.try_emplace(name, name).first->second;
    }

    [[nodiscard]] bool in_window(sys_seconds start, sys_seconds end) const {
        if (start >= until_) return false;
        return end > from_ || (start == end && start >= from_);
    }

    static sys_seconds end_of(const event& one, zone_clock& clock, local_seconds local,
                              sys_seconds start, seconds length) {
        if (one.start.form == time_form::all_day) return clock.to_instant(local + length);
        return start + length;
    }

    /// Adds it where it overlaps with the window.
    void add(std::size_t index, local_seconds local, seconds length,
             const std::optional<moment>& recurrence_id) {
        const auto& one = events_[index];
        auto& clock = clock_of(one);
        const auto start = clock.to_instant(local);
        const auto end = end_of(one, clock, local, start, length);
        if (!in_window(start, end)) return;
        if (out_.occurrences.size() >= bounds_.occurrences) {
            note_cut(index);
            return;
        }
        out_.occurrences.push_back({start, end, index, recurrence_id});
    }

    void note_cut(std::size_t index) {
        if (out_.cut_short.empty() || out_.cut_short.back() != index) {
            out_.cut_short.push_back(index);
        }
    }

    void expand_series(std::size_t index) {
        const auto& master = events_[index];
        // No wall clock is that far from UTC: most of what is over or not yet begun ends here.
        const local_seconds window_end{until_.time_since_epoch() + zone_room};
        if (master.start.local > window_end && master.added.empty()) return;

        const auto changed = changed_.find(master.uid);
        series of{index,
                  master,
                  clock_of(master),
                  changed == changed_.end() ? nullptr : &changed->second,
                  {},
                  {},
                  bounds_.occurrences_of_series};
        for (const auto at : master.excluded) of.excluded.push_back(key_of(id_of(of, at)));
        std::ranges::sort(of.excluded);
        if (master.rule) {
            expand_rule(of);
        } else {
            take(of, master.start.local, master.length);
        }
        for (const auto& added : master.added) {
            if (of.full) break;
            take(of, added.start, added.length.value_or(master.length));
        }
        if (of.full) note_cut(index);
    }

    /// By how much the wall clock is put forward or back in the days around: as far from a moment
    /// on it may times lie that come to the other side.
    static seconds change_around(zone_clock& clock, sys_seconds at) {
        return abs(clock.to_local(at + zone_room) - clock.to_local(at - zone_room) - 2 * zone_room);
    }

    void expand_rule(series& of) {
        const auto& rule = *of.master.rule;
        auto last = of.clock.to_local(until_) + change_around(of.clock, until_);
        if (rule.until) {
            last = std::min(last, std::max(rule.until->local + zone_room, of.master.start.local));
        }
        // The wall clock's days may be longer than they count.
        const auto room = of.master.start.form == time_form::all_day ? days{1} : days{0};
        const auto earliest_start = from_ - of.master.length - room;
        const auto first =
            of.clock.to_local(earliest_start) - change_around(of.clock, earliest_start);
        recurrence_times times(rule, of.master.start.local, first, last);
        auto steps = std::min(bounds_.steps_of_series, steps_left_);
        const auto given = steps;
        while (!of.full) {
            const auto at = times.next(steps);
            if (!at) break;
            // The start stays the first of its series, wherever that ends.
            if (*at != of.master.start.local && is_over(of, *at)) break;
            take(of, *at, of.master.length);
        }
        steps_left_ -= given - steps;
        if (times.cut_short()) of.full = true;
    }

    /// Whether `at` lies after the rule's UNTIL, which may be on another clock than the start.
    static bool is_over(series& of, local_seconds at) {
        const auto& until = of.master.rule->until;
        if (!until) return false;
        if (until->form == time_form::all_day || of.master.start.form == time_form::all_day) {
            return floor<days>(at) > floor<days>(until->local);
        }
        if (until->form == time_form::zoned && of.master.start.form == time_form::zoned) {
            return of.clock.to_instant(at).time_since_epoch() > until->local.time_since_epoch();
        }
        return at > until->local;
    }

    static moment id_of(series& of, local_seconds at) {
        const auto form = of.master.start.form;
        if (form != time_form::zoned) return {form, {}, at};
        return utc_moment(of.clock.to_instant(at));
    }

    /// Adds an occurrence of a series that is not excluded, changed or there already.
    void take(series& of, local_seconds at, seconds length) {
        const auto start = of.clock.to_instant(at);
        const auto end = end_of(of.master, of.clock, at, start, length);
        if (!in_window(start, end)) return;
        moment id = id_of(of, at);
        if (std::ranges::binary_search(of.excluded, key_of(id))) return;
        if (of.changed != nullptr && of.changed->contains(key_of(id))) return;
        if (!of.seen.insert(key_of(id)).second) return;
        if (of.left == 0 || out_.occurrences.size() >= bounds_.occurrences) {
            of.full = true;
            return;
        }
        --of.left;
        out_.occurrences.push_back({start, end, of.index, std::move(id)});
    }

    std::span<const event> events_;
    sys_seconds from_;
    sys_seconds until_;
    const std::string& viewer_;
    const expansion_bounds& bounds_;
    std::size_t steps_left_;
    std::unordered_map<std::string_view, std::unordered_set<occurrence_key>> changed_;
    std::unordered_map<std::string, zone_clock> clocks_;
    expansion out_;
};

}  // namespace

expansion expand(std::span<const event> events, timestamp from, timestamp until,
                 const std::string& viewer, const expansion_bounds& bounds) {
    return expander(events, from, until, viewer, bounds).run();
}

}  // namespace perin::calendar
