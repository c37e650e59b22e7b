#include "actors/workflow/step_kind.hpp"

#include <algorithm>

namespace perin::actors {

bool may_help(error_code code) noexcept {
    switch (code) {
        case error_code::unavailable:
        case error_code::rate_limited:
        case error_code::conflict:
        case error_code::internal:
        case error_code::upstream_failed:
        case error_code::upstream_timeout:
        case error_code::request_timeout:
            return true;
        default:
            return false;
    }
}

const workflow::definition* workflow_book::newest(const std::string& kind) const {
    const workflow::definition* out = nullptr;
    for (const auto& one : definitions)
        if (one.kind == kind && (!out || one.version > out->version)) out = &one;
    return out;
}

const workflow::definition* workflow_book::find(const std::string& kind,
                                                std::uint32_t version) const {
    const auto found = std::ranges::find_if(
        definitions, [&](const auto& one) { return one.kind == kind && one.version == version; });
    return found == definitions.end() ? nullptr : &*found;
}

const step_kind* workflow_book::find_step(const std::string& name) const {
    const auto found =
        std::ranges::find_if(kinds, [&](const auto& one) { return one.name == name; });
    return found == kinds.end() ? nullptr : &*found;
}

}  // namespace perin::actors
