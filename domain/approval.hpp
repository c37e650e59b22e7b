#pragma once

#include "domain/result.hpp"

#include <string>
#include <string_view>

namespace perin {

/// Which calls of a tool wait for their user's approval.
enum class approval_policy {
    never,
    /// Those that reach other people.
    external,
    always,
};

[[nodiscard]] const char* to_string(approval_policy policy) noexcept;

struct approval_rule {
    std::string tool;
    approval_policy policy = approval_policy::never;
    friend bool operator==(const approval_rule&, const approval_rule&) = default;
};

/// `calendar_cancel_event=always`. `invalid_request` that names what is none.
[[nodiscard]] result<approval_rule> approval_rule_of(std::string_view text);

}  // namespace perin
