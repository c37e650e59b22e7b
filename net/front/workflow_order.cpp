#include "net/front/workflow_order.hpp"

#include "domain/json.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

failure wrong(const char* pointer, const char* detail) {
    return {error_code::invalid_request, detail, pointer};
}

/// The order of a command that names a step.
result<workflow_order> read_step_order(std::string_view command, std::string step_id,
                                       const json& frame) {
    if (command == "skip") return workflow_order{skip_step{std::move(step_id)}};
    if (command == "retry") return workflow_order{retry_step{std::move(step_id)}};
    const auto answer = frame.find("answer");
    if (answer == frame.end() || answer->is_null()) return wrong("/answer", "is required");
    return workflow_order{answer_step{std::move(step_id), *answer}};
}

}  // namespace

result<command_workflow> read_workflow_command(std::string_view type, const json& frame) {
    constexpr std::string_view family = "workflow.";
    const auto command = type.starts_with(family) ? type.substr(family.size()) : "";
    const bool of_step = command == "skip" || command == "retry" || command == "answer";
    if (!of_step && command != "pause" && command != "resume" && command != "cancel")
        return wrong("/type", "is not a known type");
    json_reader fields(frame);
    command_workflow out;
    out.id = fields.required_text("workflowId", 1, 200);
    std::string step_id;
    if (of_step) step_id = fields.required_text("stepId", 1, 200);
    if (fields.error()) return *fields.error();
    if (of_step) {
        auto order = read_step_order(command, std::move(step_id), frame);
        if (!order) return order.error();
        out.order = std::move(*order);
    } else if (command == "resume") {
        out.order = resume_workflow{};
    } else if (command == "cancel") {
        out.order = cancel_workflow{};
    }
    return out;
}

bool guest_may(const workflow_order& order) noexcept {
    return std::holds_alternative<answer_step>(order);
}

}  // namespace perin::net
