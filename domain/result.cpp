#include "domain/result.hpp"

#include <array>
#include <string_view>

namespace perin {

namespace {

constexpr std::array<const char*, 17> names{
    "invalid_request",    "unauthenticated",
    "forbidden",          "not_found",
    "method_not_allowed", "request_timeout",
    "conflict",           "gone",
    "too_large",          "unsupported_media_type",
    "upgrade_required",   "rate_limited",
    "headers_too_large",  "internal",
    "upstream_failed",    "unavailable",
    "upstream_timeout",
};

}  // namespace

const char* to_string(error_code code) noexcept { return names[static_cast<std::size_t>(code)]; }

std::optional<error_code> error_code_of(const std::string& name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) return static_cast<error_code>(i);
    return std::nullopt;
}

}  // namespace perin
