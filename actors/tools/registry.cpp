#include "actors/tools/registry.hpp"

#include "domain/text.hpp"

#include <algorithm>

namespace perin::actors {

namespace {

constexpr std::size_t most_title = 200;
/// Characters of one argument in a title.
constexpr std::size_t most_value = 60;

/// `name (key: "value", ...)`, shortened.
std::string call_in_words(const tool& of, const nlohmann::json& arguments) {
    std::string out;
    for (const auto& [key, value] : arguments.items()) {
        auto text = value.is_string()
                        ? value.get<std::string>()
                        : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        const auto cut = utf8_prefix(text, most_value);
        out += (out.empty() ? "" : ", ") + key + ": " + std::string(cut);
        if (cut.size() < text.size()) out += "...";
    }
    return out.empty() ? of.definition.name : of.definition.name + " (" + out + ")";
}

}  // namespace

bool asks_first(const tool& of, const nlohmann::json& arguments) {
    switch (of.approval) {
        case approval_policy::never:
            return false;
        case approval_policy::external:
            return of.reaches_others && of.reaches_others(arguments);
        case approval_policy::always:
            return true;
    }
    return true;
}

std::string description_of(const tool& of, const nlohmann::json& arguments) {
    auto text = of.describe ? of.describe(arguments) : call_in_words(of, arguments);
    std::ranges::replace_if(
        text, [](unsigned char each) { return each < ' '; }, ' ');
    auto cut = std::string(utf8_prefix(text, most_title));
    return cut.empty() ? of.definition.name : cut;
}

result<void> require_approvals(std::vector<tool>& of, std::span<const std::string> rules) {
    for (const auto& text : rules) {
        const auto rule = approval_rule_of(text);
        if (!rule) return rule.error();
        const auto found = std::ranges::find_if(
            of, [&](const tool& each) { return each.definition.name == rule->tool; });
        if (found == of.end())
            return failure{error_code::invalid_request,
                           "tool_approval: there is no tool " + rule->tool};
        found->approval = rule->policy;
    }
    return {};
}

const tool* tool_registry::find(const std::string& name) const {
    for (const auto& one : tools_)
        if (one.definition.name == name) return &one;
    return nullptr;
}

std::vector<tool_definition> tool_registry::definitions() const {
    std::vector<tool_definition> out;
    for (const auto& one : tools_) out.push_back(one.definition);
    return out;
}

std::vector<std::string> tool_registry::names() const {
    std::vector<std::string> out;
    for (const auto& one : tools_) out.push_back(one.definition.name);
    return out;
}

}  // namespace perin::actors
