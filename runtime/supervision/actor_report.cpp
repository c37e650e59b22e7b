#include "runtime/supervision/actor_report.hpp"

#include <nlohmann/json.hpp>

namespace perin::runtime {

nlohmann::json to_json(const actor_report& report) {
    auto children = nlohmann::json::array();
    for (const auto& one : report.children) children.push_back(to_json(one));
    nlohmann::json out{{"name", report.name},         {"state", report.state},
                       {"restarts", report.restarts}, {"lastError", nullptr},
                       {"mailbox", nullptr},          {"children", std::move(children)}};
    if (!report.last_error.empty()) out["lastError"] = report.last_error;
    if (report.mailbox) out["mailbox"] = *report.mailbox;
    if (report.more != 0) out["more"] = report.more;
    return out;
}

}  // namespace perin::runtime
