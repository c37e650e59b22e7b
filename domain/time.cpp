#include "domain/time.hpp"

// Debian's libdate-tz is built on the system's tzdata; its header has to be told the same.
#ifndef USE_OS_TZDB
#define USE_OS_TZDB 1
#endif
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>

namespace perin {

namespace {

using namespace std::chrono;

constexpr timestamp first_printable = sys_days{year{0} / January / 1};
constexpr timestamp last_printable = sys_days{year{9999} / December / 31} + 24h - 1ms;

/// Reads a text from its front; `ok()` stays false after the first thing that did not fit.
class cursor {
  public:
    explicit cursor(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

    char take() {
        if (rest_.empty()) {
            ok_ = false;
            return '\0';
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void expect(char c) {
        if (take() != c) ok_ = false;
    }

    /// Exactly `count` digits.
    int digits(int count) {
        int value = 0;
        for (int i = 0; i < count; ++i) {
            const char c = take();
            if (c < '0' || c > '9') {
                ok_ = false;
                return 0;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    /// One or more digits after the decimal point, cut to milliseconds.
    milliseconds fraction() {
        std::int64_t value = 0;
        int count = 0;
        for (; peek() >= '0' && peek() <= '9'; ++count) {
            const char c = take();
            if (count < 3) value = value * 10 + (c - '0');
        }
        if (count == 0) ok_ = false;
        for (; count < 3; ++count) value *= 10;
        return milliseconds{value};
    }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

/// `Z` or `+hh:mm`.
std::optional<minutes> read_offset(cursor& in) {
    const char sign = in.take();
    if (sign == 'Z' || sign == 'z') return 0min;
    if (sign != '+' && sign != '-') return std::nullopt;
    const int hour = in.digits(2);
    in.expect(':');
    const int minute = in.digits(2);
    if (!in.ok() || hour > 23 || minute > 59) return std::nullopt;
    const minutes offset = hours{hour} + minutes{minute};
    return sign == '-' ? -offset : offset;
}

}  // namespace

std::string to_rfc3339(timestamp at) {
    at = std::clamp(at, first_printable, last_printable);
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{at - day};
    std::array<char, 32> text{};
    int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()));
    std::string out(text.data(), static_cast<std::size_t>(length));
    if (time.subseconds() != 0ms) {
        length = std::snprintf(text.data(), text.size(), ".%03d",
                               static_cast<int>(time.subseconds().count()));
        out.append(text.data(), static_cast<std::size_t>(length));
    }
    out += 'Z';
    return out;
}

std::optional<timestamp> from_rfc3339(std::string_view text) {
    cursor in(text);
    const int y = in.digits(4);
    in.expect('-');
    const int m = in.digits(2);
    in.expect('-');
    const int d = in.digits(2);
    const char separator = in.take();
    if (separator != 'T' && separator != 't') return std::nullopt;
    const int hour = in.digits(2);
    in.expect(':');
    const int minute = in.digits(2);
    in.expect(':');
    const int second = in.digits(2);
    milliseconds fraction{0};
    if (in.peek() == '.') {
        in.take();
        fraction = in.fraction();
    }
    const auto offset = read_offset(in);
    if (!in.ok() || !offset || !in.at_end()) return std::nullopt;

    const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                              std::chrono::day{static_cast<unsigned>(d)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const timestamp minute_of_it =
        sys_days{date} + hours{hour} + minutes{minute} - *offset + milliseconds{0};
    if (second == 60) {
        // A leap second is only ever the last of a UTC day (RFC 3339 section 5.7); like POSIX, the
        // time line has no place for it but the second that follows.
        if (floor<days>(minute_of_it + 1min) != minute_of_it + 1min) return std::nullopt;
    }
    const timestamp at = minute_of_it + seconds{second} + fraction;
    if (at < first_printable || at > last_printable) return std::nullopt;
    return at;
}

bool is_timezone(const std::string& name) {
    // The machine's own zone is a file beside the others, but no name that means one thing
    // everywhere.
    if (name == "localtime") return false;
    try {
        // Read once, under the library's own once-flag; constant and in the order of names after
        // that.
        const auto& zones = date::get_tzdb().zones;
        const auto found =
            std::lower_bound(zones.begin(), zones.end(), name,
                             [](const auto& zone, const auto& key) { return zone.name() < key; });
        return found != zones.end() && found->name() == name;
    } catch (const std::exception&) {
        // No tzdata on this machine: UTC needs none.
        return name == "UTC";
    }
}

}  // namespace perin
