#include "domain/workflow/telling.hpp"

#include <utility>

namespace perin::workflow {

namespace {

/// What each kind of event comes to for those who watch.
class teller {
  public:
    using told = std::vector<event_body>;

    teller(const std::string& workflow_id, const workflow_state& before)
        : workflow_id_(workflow_id), before_(before) {}

    told operator()(const begun& one) const {
        if (!one.origin) return {};
        multi_step_initiated out{workflow_id_, one.origin->reasoning, one.origin->confidence};
        for (const auto& step : before_.steps())
            out.steps.push_back({step.is.id, step.is.name, step.is.description, step.is.required,
                                 step.is.estimated_duration});
        return {std::move(out)};
    }
    told operator()(const step_started& one) const {
        // A further try, or one that goes on with an answer, is the same step still.
        if (!begins(one.step_id)) return {};
        return {step_began{name(one.step_id)}};
    }
    told operator()(const perin::workflow::step_progress& one) const {
        return {step_progressed{name(one.step_id), one.message}};
    }
    told operator()(const step_waits& one) const {
        return {step_result{name(one.step_id), step_result_status::waiting, one.shown}};
    }
    told operator()(const step_done& one) const {
        return {step_result{name(one.step_id), step_result_status::ok, one.outcome},
                step_ended{name(one.step_id)}};
    }
    told operator()(const step_failed& one) const {
        if (one.retry_at) {
            std::string says = "it failed (";
            says.append(perin::to_string(one.code)).append(") and is tried again at ");
            says += to_rfc3339(*one.retry_at);
            return {step_progressed{name(one.step_id), std::move(says)}};
        }
        const nlohmann::json why{
            {"error", {{"code", perin::to_string(one.code)}, {"message", one.detail}}}};
        return {step_result{name(one.step_id), step_result_status::failed, why},
                step_ended{name(one.step_id)}};
    }
    told operator()(const step_skipped& one) const {
        return {step_result{name(one.step_id), step_result_status::skipped},
                step_ended{name(one.step_id)}};
    }
    told operator()(const step_compensated& one) const {
        return {step_progressed{name(one.step_id), "what it had done is undone"}};
    }
    told operator()(const paused& one) const {
        return {changed(multi_step_change::paused, one.reason)};
    }
    told operator()(const resumed&) const { return {changed(multi_step_change::resumed, {})}; }
    told operator()(const cancelled&) const { return {changed(multi_step_change::cancelled, {})}; }
    told operator()(const completed&) const { return {changed(multi_step_change::complete, {})}; }
    told operator()(const failed& one) const {
        return {changed(multi_step_change::failed, perin::to_string(one.code))};
    }
    told operator()(const step_answered&) const { return {}; }
    told operator()(const step_retried&) const { return {}; }
    told operator()(const cancel_asked&) const { return {}; }

  private:
    [[nodiscard]] bool begins(const std::string& step_id) const {
        const auto* step = before_.find(step_id);
        return step && !step->under_way;
    }
    [[nodiscard]] step_name name(const std::string& step_id) const {
        const auto* step = before_.find(step_id);
        return {workflow_id_, step_id, step ? step->is.name : step_id};
    }
    [[nodiscard]] multi_step_changed changed(multi_step_change to, std::string reason) const {
        return {workflow_id_, to, std::move(reason)};
    }

    const std::string& workflow_id_;
    const workflow_state& before_;
};

}  // namespace

std::vector<event_body> told_of(const std::string& workflow_id, const workflow_state& before,
                                const event& what) {
    return std::visit(teller(workflow_id, before), what);
}

}  // namespace perin::workflow
