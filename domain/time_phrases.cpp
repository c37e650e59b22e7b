#include "domain/time_phrases.hpp"

#include "domain/time_grammar/phrases.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace perin {

namespace {

using namespace time_grammar;
using found = std::variant<std::monostate, time_phrase, ambiguous_time>;

found ambiguous(const parts_said& said, const listener& who, const std::string& timezone) {
    ambiguous_time both;
    for (const auto day : {said.day->first, *said.day->other})
        both.readings.push_back(resolved(said, day, who).start);
    const bool timed = said.clock.has_value();
    const auto spoken = [&](timestamp at) {
        return timed ? spoken_time(at, timezone) : spoken_date(at, timezone);
    };
    both.question =
        "Do you mean " + spoken(both.readings[0]) + " or " + spoken(both.readings[1]) + "?";
    return both;
}

constexpr std::array<const char*, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
constexpr std::array<const char*, 12> months{"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};

std::string spoken_day(date::local_days day) {
    const date::year_month_day ymd{day};
    const auto month = static_cast<unsigned>(ymd.month());
    return std::string(weekdays[date::weekday{day}.c_encoding()]) + ", " +
           std::to_string(static_cast<unsigned>(ymd.day())) + " " + months[month - 1] + " " +
           std::to_string(static_cast<int>(ymd.year()));
}

}  // namespace

found find_time_phrase(std::string_view text, timestamp now, const std::string& timezone) {
    const listener who(now, zone_of(timezone));
    const auto heard = hear(tokens(text), text, who);
    if (!heard) return std::monostate{};
    const auto& said = heard->parts;
    const listener by = by_clock_of(who, said);
    if (!heard->exact && said.day && said.day->other) return ambiguous(said, by, timezone);
    auto phrase =
        heard->exact ? *heard->exact : resolved(said, said.day ? said.day->first : by.today, by);
    place(phrase, text, heard->begin, heard->length);
    return phrase;
}

std::string spoken_time(timestamp at, const std::string& timezone) {
    const auto local = to_local(at, zone_of(timezone));
    const auto day = date::floor<date::days>(local);
    const auto minute = (local - day).count();
    std::array<char, 16> clock{};
    std::snprintf(clock.data(), clock.size(), "%02d:%02d", static_cast<int>(minute / 60),
                  static_cast<int>(minute % 60));
    return spoken_day(day) + " at " + clock.data();
}

std::string spoken_date(timestamp at, const std::string& timezone) {
    return spoken_day(local_day(at, zone_of(timezone)));
}

}  // namespace perin
