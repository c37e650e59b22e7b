#include "actors/tools/registry.hpp"

namespace perin::actors {

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
