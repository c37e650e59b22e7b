#include "domain/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>

namespace perin {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> short_days{"Mon", "Tue", "Wed", "Thu",
                                                     "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

/// Reads a date from its front; `ok()` stays false after the first thing that did not fit.
class date_cursor {
  public:
    explicit date_cursor(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool whole() const { return ok_ && rest_.empty(); }

    bool take(std::string_view expected) {
        if (!rest_.starts_with(expected)) return ok_ = false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    /// Index of the name that comes next, the number of names where none does.
    std::size_t one_of(std::span<const std::string_view> names) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!rest_.starts_with(names[i])) continue;
            rest_.remove_prefix(names[i].size());
            return i;
        }
        ok_ = false;
        return names.size();
    }

    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
                ok_ = false;
                return 0;
            }
            value = value * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }

    /// A day of two places, the first of which may be a space.
    int padded_day() {
        if (!rest_.starts_with(' ')) return digits(2);
        rest_.remove_prefix(1);
        return digits(1);
    }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

struct clock_time {
    int hour = 0;
    int minute = 0;
    int second = 0;
};

clock_time read_clock(date_cursor& in) {
    clock_time out;
    out.hour = in.digits(2);
    in.take(":");
    out.minute = in.digits(2);
    in.take(":");
    out.second = in.digits(2);
    return out;
}

std::optional<timestamp> point(int y, std::size_t month_index, int d, const clock_time& at) {
    const year_month_day date{year{y}, month{static_cast<unsigned>(month_index + 1)},
                              day{static_cast<unsigned>(d)}};
    // The sixtieth second is a leap second.
    if (!date.ok() || at.hour > 23 || at.minute > 59 || at.second > 60) return std::nullopt;
    return timestamp{sys_days{date} + hours{at.hour} + minutes{at.minute} + seconds{at.second}};
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<timestamp> read_fixdate(std::string_view text) {
    date_cursor in(text);
    in.one_of(short_days);
    in.take(", ");
    const int d = in.digits(2);
    in.take(" ");
    const auto m = in.one_of(months);
    in.take(" ");
    const int y = in.digits(4);
    in.take(" ");
    const auto at = read_clock(in);
    in.take(" GMT");
    return in.whole() ? point(y, m, d, at) : std::nullopt;
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
std::optional<timestamp> read_rfc850(std::string_view text, timestamp now) {
    date_cursor in(text);
    in.one_of(long_days);
    in.take(", ");
    const int d = in.digits(2);
    in.take("-");
    const auto m = in.one_of(months);
    in.take("-");
    const int short_year = in.digits(2);
    in.take(" ");
    const auto at = read_clock(in);
    in.take(" GMT");
    if (!in.whole()) return std::nullopt;
    // More than 50 years ahead means the same two digits of a century before.
    const year_month_day today{floor<days>(now)};
    const int latest = static_cast<int>(today.year()) + 50;
    int y = latest - latest % 100 + short_year;
    if (y > latest) y -= 100;
    const auto found = point(y, m, d, at);
    if (found && y == latest && *found > now + years{50}) return point(y - 100, m, d, at);
    return found;
}

/// `Sun Nov  6 08:49:37 1994`
std::optional<timestamp> read_asctime(std::string_view text) {
    date_cursor in(text);
    in.one_of(short_days);
    in.take(" ");
    const auto m = in.one_of(months);
    in.take(" ");
    const int d = in.padded_day();
    in.take(" ");
    const auto at = read_clock(in);
    in.take(" ");
    const int y = in.digits(4);
    return in.whole() ? point(y, m, d, at) : std::nullopt;
}

/// A plain decimal number: digits, and a fraction behind a point where there is one.
std::optional<double> decimal(std::string_view text) {
    if (text.empty() || text.size() > 32 || text.front() == '.') return std::nullopt;
    if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

milliseconds bounded(double amount) {
    const auto most = static_cast<double>(longest_told_wait.count());
    return milliseconds{static_cast<std::int64_t>(std::ceil(std::min(amount, most)))};
}

}  // namespace

std::optional<timestamp> parse_http_date(std::string_view text, timestamp now) {
    if (const auto at = read_fixdate(text)) return at;
    if (const auto at = read_rfc850(text, now)) return at;
    return read_asctime(text);
}

std::optional<milliseconds> parse_wait_seconds(std::string_view text) {
    const auto value = decimal(text);
    if (!value) return std::nullopt;
    return bounded(*value * 1000);
}

std::optional<milliseconds> parse_wait_milliseconds(std::string_view text) {
    const auto value = decimal(text);
    if (!value) return std::nullopt;
    return bounded(*value);
}

milliseconds wait_until(timestamp then, timestamp now) {
    return std::clamp(then - now, milliseconds{0}, longest_told_wait);
}

std::optional<milliseconds> told_wait(const wait_headers& headers, timestamp now) {
    if (headers.retry_after_ms) {
        if (const auto exact = parse_wait_milliseconds(*headers.retry_after_ms)) return exact;
    }
    if (!headers.retry_after) return std::nullopt;
    if (const auto wait = parse_wait_seconds(*headers.retry_after)) return wait;
    const auto until = parse_http_date(*headers.retry_after, now);
    if (!until) return std::nullopt;
    const auto sent = headers.date ? parse_http_date(*headers.date, now) : std::nullopt;
    return wait_until(*until, sent.value_or(now));
}

}  // namespace perin
