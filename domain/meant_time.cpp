#include "domain/meant_time.hpp"

#include "domain/meeting_phrases.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>

namespace perin {

namespace {

using namespace std::chrono;

scheduling::interval span_of(const meeting_phrase& one) {
    const auto& when = one.when;
    if (when.end) return {when.start, *when.end};
    return {when.start, when.start + one.length.value_or(minutes{0})};
}

bool is_number(const std::string& word) {
    return word.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string to_rfc3339(timestamp at, const std::string& timezone) {
    const auto* zone = time_grammar::zone_of(timezone);
    const auto second = floor<seconds>(at);
    const auto offset =
        duration_cast<minutes>(zone->get_info(date::sys_seconds{second.time_since_epoch()}).offset);
    auto text = to_rfc3339(timestamp{second + offset});
    text.pop_back();
    const auto away = offset < offset.zero() ? -offset : offset;
    std::array<char, 8> tail{};
    std::snprintf(tail.data(), tail.size(), "%c%02d:%02d", offset < offset.zero() ? '-' : '+',
                  static_cast<int>(away / hours{1}) % 24,
                  static_cast<int>((away % hours{1}).count()));
    return text + tail.data();
}

heard_time hear_time(std::string_view words, timestamp now, const std::string& timezone) {
    if (const auto exact = from_rfc3339(words)) return meant_time{*exact};
    time_habits habits;
    habits.timezone = timezone;
    const auto found = find_meeting_phrase(words, now, habits);
    if (const auto* doubt = std::get_if<doubtful_time>(&found)) {
        time_question out{doubt->question, {}};
        for (const auto& each : doubt->readings) out.choices.push_back(span_of(each));
        return out;
    }
    if (const auto* meant = std::get_if<meeting_phrase>(&found))
        return meant_time{meant->when.start, meant->when.end, meant->when.precision, meant->length};
    return failure{error_code::invalid_request,
                   "the words name no time: say it as in \"tomorrow at 3 pm\", or write it as in "
                   "2026-12-01T15:00:00+01:00"};
}

bool names_a_day(std::string_view words) {
    static constexpr std::array<std::string_view, 44> days{
        "today",     "tonight", "tomorrow", "yesterday", "weekend", "week",    "weeks",
        "month",     "months",  "day",      "days",      "monday",  "tuesday", "wednesday",
        "thursday",  "friday",  "saturday", "sunday",    "mon",     "tue",     "tues",
        "wed",       "thu",     "thurs",    "fri",       "sat",     "sun",     "january",
        "february",  "march",   "april",    "may",       "june",    "july",    "august",
        "september", "october", "november", "december",  "jan",     "feb",     "dec",
        "tmrw",      "midweek"};
    static constexpr std::array<std::string_view, 4> ordinals{"st", "nd", "rd", "th"};
    if (words.find('/') != std::string_view::npos) return true;
    const auto all = terms(words);
    for (const auto& word : all) {
        if (std::find(days.begin(), days.end(), word) != days.end()) return true;
        if (word.size() >= 3 && word.size() <= 4 && is_number(word.substr(0, word.size() - 2)) &&
            std::find(ordinals.begin(), ordinals.end(), word.substr(word.size() - 2)) !=
                ordinals.end())
            return true;
        if (word.size() == 4 && is_number(word) && word > "1999") return true;
    }
    // "in two hours" counts from now; "in the morning" does not.
    const auto in = std::find(all.begin(), all.end(), "in");
    return in != all.end() && (in + 1 == all.end() || *(in + 1) != "the");
}

heard_time hear_new_time(std::string_view words, timestamp now, const std::string& timezone,
                         timestamp current) {
    if (from_rfc3339(words) || names_a_day(words)) return hear_time(words, now, timezone);
    const auto* zone = time_grammar::zone_of(timezone);
    const auto day = time_grammar::local_day(current, zone);
    auto heard = hear_time(words, time_grammar::to_moment(day, zone), timezone);
    // Words that count from now, or from the end of a day, are meant as they are said.
    if (const auto* meant = std::get_if<meant_time>(&heard);
        meant && time_grammar::local_day(meant->start, zone) != day)
        return hear_time(words, now, timezone);
    return heard;
}

}  // namespace perin
