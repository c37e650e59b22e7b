#include "domain/meeting_phrases.hpp"

#include "domain/time_grammar/lengths.hpp"
#include "domain/time_grammar/phrases.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>

namespace perin {

namespace {

using namespace time_grammar;
using doubt = doubtful_time::doubt;
using found = std::variant<std::monostate, meeting_phrase, doubtful_time>;
using std::chrono::minutes;
using precision = enum time_phrase::precision;

constexpr int half_day = 12 * 60;

/// All that the words can mean, and why that is more than one thing.
struct all_readings {
    std::vector<time_phrase> phrases;
    std::set<doubt> doubts;
};

/// Whether a time on the wall clock, or a part of a range, lies within the hours of its day.
bool is_usual(const time_phrase& phrase, const listener& judge,
              const scheduling::working_hours& hours) {
    const auto start = to_local(phrase.start, judge.zone);
    const auto end = phrase.end ? to_local(*phrase.end, judge.zone) : start + minutes{1};
    const auto day = date::floor<date::days>(start);
    const auto meets = [&](date::local_days midnight, const scheduling::daily_hours& each) {
        return midnight + each.from < end && start < midnight + each.until;
    };
    const auto& todays = hours.on(date::weekday{day});
    const auto& yesterdays = hours.on(date::weekday{day - date::days{1}});
    const auto is_met = [&](const auto& each) { return meets(day, each); };
    if (std::any_of(todays.begin(), todays.end(), is_met)) return true;
    if (std::any_of(yesterdays.begin(), yesterdays.end(),
                    [&](const auto& each) { return meets(day - date::days{1}, each); }))
        return true;
    if (!todays.empty()) return false;
    return std::any_of(hours.days.begin(), hours.days.end(), [&](const auto& other) {
        return std::any_of(other.begin(), other.end(), is_met);
    });
}

/// An open clock time in the other half of its day.
clock_reading other_half(clock_reading clock) {
    const int shift = clock.start >= half_day ? -half_day : half_day;
    clock.start += shift;
    if (clock.end) *clock.end += shift;
    return clock;
}

bool is_over(const time_phrase& phrase, timestamp now) {
    return date::floor<minutes>(phrase.start) + minutes{1} <= now;
}

/// A clock time of one half of a day, in the one or two ways in which the clock shows it, by time.
std::vector<time_phrase> around_changes(const parts_said& said, date::local_days day,
                                        const listener& by, std::set<doubt>& doubts) {
    listener later_offset = by;
    later_offset.with = around_change::after;
    const auto before = resolved(said, day, by);
    const auto after = resolved(said, day, later_offset);
    if (after.start == before.start && after.end == before.end) return {before};
    if (after.start != before.start && is_over(before, by.now) != is_over(after, by.now))
        return {is_over(before, by.now) ? after : before};
    // With the later offset a doubled time is later, and a skipped one earlier.
    const bool skipped = std::pair{after.start, after.end} < std::pair{before.start, before.end};
    doubts.insert(skipped ? doubt::skipped_time : doubt::doubled_time);
    if (skipped) return {after, before};
    return {before, after};
}

/// What is said, for each half of the day that can be meant, by time. `judge` is whose clock the
/// hours are of.
std::vector<parts_said> halves_meant(const parts_said& said, date::local_days day,
                                     const listener& by, const listener& judge,
                                     const scheduling::working_hours& hours) {
    if (!said.clock->open || said.daytime || hours == scheduling::working_hours{}) return {said};
    auto other = said;
    other.clock = other_half(*said.clock);
    const auto as_ruled = resolved(said, day, by);
    const auto otherwise = resolved(other, day, by);
    if (is_usual(as_ruled, judge, hours)) return {said};
    if (is_usual(otherwise, judge, hours)) return {other};
    if (is_over(as_ruled, by.now) != is_over(otherwise, by.now))
        return {is_over(as_ruled, by.now) ? other : said};
    if (otherwise.start < as_ruled.start) return {other, said};
    return {said, other};
}

/// Adds the readings on one day.
void read_on(const parts_said& said, date::local_days day, const listener& by,
             const listener& speaker, const scheduling::working_hours& hours, all_readings& all) {
    if (!said.clock) {
        all.phrases.push_back(resolved(said, day, by));
        return;
    }
    // Nobody means the night of those whose clock is named.
    const listener& judge = said.zone == speaker.your_zone ? by : speaker;
    const auto halves = halves_meant(said, day, by, judge, hours);
    if (halves.size() > 1) all.doubts.insert(doubt::half_of_day);
    for (const auto& half : halves)
        for (auto& each : around_changes(half, day, by, all.doubts))
            all.phrases.push_back(std::move(each));
}

all_readings read_all(const parts_said& said, const listener& by, const listener& speaker,
                      const time_habits& habits) {
    all_readings all;
    std::vector<date::local_days> days{said.day ? said.day->first : by.today};
    if (said.day && said.day->other) {
        days.push_back(*said.day->other);
        all.doubts.insert(said.day->contradicts ? doubt::weekday_and_date : doubt::day_and_month);
    } else if (said.day && said.day->sooner) {
        days.insert(days.begin(), *said.day->sooner);
        all.doubts.insert(doubt::which_week);
    }
    for (const auto day : days) read_on(said, day, by, speaker, habits.hours, all);
    return all;
}

/// "UTC+02:00".
std::string spoken_offset(timestamp at, const date::time_zone* zone) {
    const auto offset = std::chrono::floor<minutes>(zone->get_info(at).offset).count();
    const auto length = offset < 0 ? -offset : offset;
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "UTC%c%02d:%02d", offset < 0 ? '-' : '+',
                  static_cast<int>(length / 60), static_cast<int>(length % 60));
    return text.data();
}

std::string spoken(const time_phrase& phrase, const time_habits& habits, bool with_offset) {
    if (phrase.precision != precision::minute) return spoken_date(phrase.start, habits.timezone);
    const auto* zone = zone_of(habits.timezone);
    std::string text = spoken_time(phrase.start, habits.timezone);
    if (with_offset) text += " (" + spoken_offset(phrase.start, zone) + ")";
    if (!phrase.end) return text;
    const std::string end = spoken_time(*phrase.end, habits.timezone);
    text += " to " + end.substr(end.rfind(' ') + 1);
    if (with_offset) text += " (" + spoken_offset(*phrase.end, zone) + ")";
    return text;
}

std::string question(const all_readings& all, const time_habits& habits) {
    const bool doubled = all.doubts.contains(doubt::doubled_time);
    std::string text;
    if (all.doubts.contains(doubt::skipped_time)) text = "The clock skips that time. ";
    if (doubled) text = "The clock shows that time twice. ";
    text += "Do you mean ";
    for (std::size_t i = 0; i < all.phrases.size(); ++i) {
        if (i > 0) text += i + 1 == all.phrases.size() ? " or " : ", ";
        text += spoken(all.phrases[i], habits, doubled);
    }
    return text + "?";
}

}  // namespace

std::optional<minutes> find_meeting_length(std::string_view text) {
    const tokens words(text);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (const auto found = read_length(words, i)) return found->length;
    return std::nullopt;
}

found find_meeting_phrase(std::string_view text, timestamp now, const time_habits& habits) {
    listener speaker(now, zone_of(habits.timezone));
    speaker.your_zone =
        zone_of(habits.your_timezone.empty() ? habits.timezone : habits.your_timezone);
    const auto heard = hear(tokens(text), text, speaker);
    if (!heard) return std::monostate{};
    auto all = heard->exact
                   ? all_readings{.phrases = {*heard->exact}, .doubts = {}}
                   : read_all(heard->parts, by_clock_of(speaker, heard->parts), speaker, habits);
    const auto length = find_meeting_length(text);
    doubtful_time several;
    for (auto& phrase : all.phrases) {
        place(phrase, text, heard->begin, heard->length);
        if (length && phrase.precision == precision::minute && !phrase.end)
            phrase.end = phrase.start + *length;
        several.readings.push_back({phrase, length});
    }
    if (several.readings.size() == 1) return several.readings.front();
    several.doubts.assign(all.doubts.begin(), all.doubts.end());
    several.question = question(all, habits);
    return several;
}

}  // namespace perin
