#include "cli/lifetime.hpp"

#include <charconv>

namespace perin::cli {

namespace {

std::optional<std::chrono::minutes> unit_of(char letter) {
    switch (letter) {
        case 'm':
            return std::chrono::minutes(1);
        case 'h':
            return std::chrono::hours(1);
        case 'd':
            return std::chrono::days(1);
        case 'w':
            return std::chrono::weeks(1);
        default:
            return {};
    }
}

}  // namespace

result<std::optional<timestamp>> expiry_of(std::string_view text, timestamp now) {
    constexpr std::chrono::minutes longest = std::chrono::days(36'525);
    if (text == "never") return std::optional<timestamp>();
    const failure bad{error_code::invalid_request,
                      "must be a time such as 90d, 12h or 30m, up to 100 years, or never"};
    const auto unit = text.empty() ? std::nullopt : unit_of(text.back());
    if (!unit) return bad;
    const auto* last = text.data() + text.size() - 1;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), last, count);
    if (error != std::errc() || end != last || count < 1 || count > longest / *unit) return bad;
    return std::optional<timestamp>(now + count * *unit);
}

}  // namespace perin::cli
