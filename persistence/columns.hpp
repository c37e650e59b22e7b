#pragma once

#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace perin::persistence {

/// How values of the domain are kept: times are milliseconds UTC, booleans 0 and 1.
[[nodiscard]] inline value column(timestamp at) { return at.time_since_epoch().count(); }

[[nodiscard]] inline value column(const std::optional<timestamp>& at) {
    return at ? column(*at) : value{};
}

[[nodiscard]] inline value column(const std::optional<std::string>& text) {
    return text ? value{*text} : value{};
}

[[nodiscard]] inline value column(bool flag) { return std::int64_t{flag ? 1 : 0}; }

/// A number past what a column holds becomes the highest one, so that "before the end of time" may
/// be asked for.
[[nodiscard]] inline value column(std::uint64_t number) {
    constexpr auto highest = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, static_cast<std::uint64_t>(highest)));
}

[[nodiscard]] inline timestamp time_column(const row& from, std::size_t index) {
    return timestamp(std::chrono::milliseconds(from.integer(index)));
}

[[nodiscard]] inline std::optional<timestamp> optional_time_column(const row& from,
                                                                   std::size_t index) {
    if (from.is_null(index)) return std::nullopt;
    return time_column(from, index);
}

[[nodiscard]] inline std::optional<std::string> optional_text_column(row& from, std::size_t index) {
    if (from.is_null(index)) return std::nullopt;
    return from.take_text(index);
}

[[nodiscard]] inline std::uint64_t number_column(const row& from, std::size_t index) {
    const std::int64_t number = from.integer(index);
    if (number < 0) throw unreadable_row("a number is negative");
    return static_cast<std::uint64_t>(number);
}

}  // namespace perin::persistence
