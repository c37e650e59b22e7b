#pragma once

#include "domain/time.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace perin {

/// The headers of an answer that tell a wait, without the white space around their values.
struct wait_headers {
    std::optional<std::string_view> retry_after_ms = {};
    std::optional<std::string_view> retry_after = {};
    std::optional<std::string_view> date = {};
};

/// The longest wait that is believed; what asks for more gets this.
inline constexpr std::chrono::milliseconds longest_told_wait = std::chrono::hours{24};

/// A point in time in one of the three forms of RFC 9110 section 5.6.7; nothing where it is none of
/// them, or no real date. `now` decides the century of a year of two digits.
[[nodiscard]] std::optional<timestamp> parse_http_date(std::string_view text, timestamp now);

/// Seconds written in digits, with a fraction or without, rounded up to the millisecond and at most
/// `longest_told_wait`. Signs, exponents, hexadecimal, `nan` and more than 32 characters are
/// nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_wait_seconds(std::string_view text);

/// The same of milliseconds.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_wait_milliseconds(
    std::string_view text);

/// From `now` until `then`: 0 where it is past, at most `longest_told_wait`.
[[nodiscard]] std::chrono::milliseconds wait_until(timestamp then, timestamp now);

/// The wait that an answer asks for: a readable `retry-after-ms`, else `Retry-After` in seconds or
/// as a date (RFC 9110 section 10.2.3). A date counts from the answer's own `Date` where it has
/// one, so that clocks which differ do no harm, else from `now`. Nothing where no wait can be read.
[[nodiscard]] std::optional<std::chrono::milliseconds> told_wait(const wait_headers& headers,
                                                                 timestamp now);

}  // namespace perin
