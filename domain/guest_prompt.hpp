#pragma once

#include "domain/link_context.hpp"
#include "domain/prompt.hpp"
#include "domain/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin {

/// All that the prompts of a guest's turn are made of: what the link tells, and what the guest's
/// client asked of the turn.
struct guest_prompt_state {
    link_context link;
    std::string perin_name = "Perin";
    std::optional<std::string> tone = {};
    /// IANA name: the guest's; UTC is used where the system does not know it.
    std::string timezone = "UTC";
    timestamp now = {};
    /// Names of the tools that may be called now; empty: none.
    std::vector<std::string> tools_available = {};
    prompt_phase phase = prompt_phase::direct;
};

/// The system prompt of a guest's turn. As in `system_prompt`, what somebody wrote stands in it as
/// JSON strings on one line without angle brackets.
[[nodiscard]] std::string guest_prompt(const guest_prompt_state& state);

/// The system prompt of AI_ANALYSIS: whether the last message is a scheduling request of several
/// steps, to be answered in the form of `analysis_format`. The phase and the tools are not looked
/// at.
[[nodiscard]] std::string analysis_prompt(const guest_prompt_state& state);

}  // namespace perin
