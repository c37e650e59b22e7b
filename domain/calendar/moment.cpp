#include "domain/calendar/moment.hpp"

#include <array>
#include <cstdio>

namespace perin::calendar {

namespace {

using namespace std::chrono;

constexpr int first_year = 1600;
constexpr int last_year = 9998;

/// The number that all of `text` is; -1 where something is no digit.
int number(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

moment utc_moment(sys_seconds at) {
    return {time_form::zoned, "UTC", local_seconds{at.time_since_epoch()}};
}

std::string to_text(const moment& when) {
    const auto day = floor<days>(when.local);
    const year_month_day date{day};
    const hh_mm_ss time{when.local - day};
    std::array<char, 48> text{};
    int length =
        std::snprintf(text.data(), text.size(), "%04d%02u%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    std::string out(text.data(), static_cast<std::size_t>(length));
    if (when.form == time_form::all_day) return out;
    length = std::snprintf(
        text.data(), text.size(), "T%02d%02d%02d", static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    out.append(text.data(), static_cast<std::size_t>(length));
    if (when.form == time_form::zoned && when.timezone == "UTC") out += 'Z';
    return out;
}

std::optional<moment> moment_of(std::string_view text) {
    if (text.size() != 8 && text.size() != 15 && text.size() != 16) return std::nullopt;
    const int y = number(text.substr(0, 4));
    const int m = number(text.substr(4, 2));
    const int d = number(text.substr(6, 2));
    if (y < first_year || y > last_year || m < 1 || d < 1) return std::nullopt;
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok()) return std::nullopt;
    if (text.size() == 8) return moment{time_form::all_day, {}, local_days{date}};

    const int hour = number(text.substr(9, 2));
    const int minute = number(text.substr(11, 2));
    const int second = number(text.substr(13, 2));
    if (text[8] != 'T' && text[8] != 't') return std::nullopt;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return std::nullopt;
    }
    const local_seconds local =
        local_days{date} + hours{hour} + minutes{minute} + seconds{second == 60 ? 59 : second};
    if (text.size() == 15) return moment{time_form::floating, {}, local};
    if (text[15] != 'Z' && text[15] != 'z') return std::nullopt;
    return moment{time_form::zoned, "UTC", local};
}

}  // namespace perin::calendar
