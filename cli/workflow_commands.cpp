#include "cli/workflow_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "domain/json.hpp"

#include <cstdio>
#include <ostream>

namespace perin::cli {

namespace {

using namespace runtime;
using nlohmann::json;

/// `2026-12-01 09:00:02` of RFC 3339.
std::string second_of(const std::string& at) {
    return at.size() < 19 ? at : at.substr(0, 10) + " " + at.substr(11, 8) + "Z";
}

std::string mark_of(const std::string& status) {
    if (status == "ok") return "[x]";
    if (status == "running") return "[>]";
    if (status == "waiting") return "[?]";
    if (status == "failed") return "[!]";
    if (status == "skipped") return "[-]";
    if (status == "compensated") return "[<]";
    return "[ ]";
}

std::string lasted(const json& step) {
    const auto from = from_rfc3339(member(step, "startedAt"));
    const auto until = from_rfc3339(member(step, "endedAt"));
    if (!from || !until) return {};
    const auto seconds = std::chrono::duration<double>(*until - *from).count();
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", seconds);
    return text.data();
}

std::string attempts_of(const json& step) {
    const auto found = step.find("attempts");
    if (found == step.end() || !found->is_number_unsigned()) return {};
    const auto count = found->get<std::uint64_t>();
    if (count == 0) return {};
    return std::to_string(count) + (count == 1 ? " attempt" : " attempts");
}

/// What stands behind a step: what it came to, waits for, or failed with.
std::string outcome_of(const json& step) {
    const auto found = step.find("result");
    if (found == step.end() || found->is_null()) return {};
    return shown(found->dump(-1, ' ', false, json::error_handler_t::replace), 100);
}

void draw(const operator_context& with, const json& one) {
    auto& out = with.at.out();
    out << member(one, "id") << "  " << shown(member(one, "kind")) << "  " << member(one, "status");
    if (const auto waits = member(one, "waitsFor"); !waits.empty()) out << " for: " << waits;
    out << "\nbegan " << second_of(member(one, "createdAt")) << ", last changed "
        << second_of(member(one, "updatedAt")) << '\n';
    table rows;
    for (const auto& step : items(one, "steps"))
        rows.push_back({mark_of(member(step, "status")), member(step, "stepId"),
                        shown(member(step, "name")), member(step, "status"), attempts_of(step),
                        lasted(step), outcome_of(step)});
    if (!rows.empty()) {
        out << '\n';
        print(out, rows);
    }
    rows.clear();
    for (const auto& each : items(one, "history"))
        rows.push_back({second_of(member(each, "at")), member(each, "event"),
                        member(each, "stepId"), shown(member(each, "detail"))});
    if (!rows.empty()) {
        out << '\n';
        print(out, rows);
    }
}

exit_code tell(const operator_context& with, const json& one) {
    if (with.json) return say(with, one, {});
    draw(with, one);
    return exit_code::done;
}

/// The step that a workflow failed at.
result<std::string> failed_step(workflow_service& workflows, const std::string& id) {
    const auto found = workflows.show(id);
    if (!found) return found.error();
    for (const auto& step : items(*found, "steps"))
        if (member(step, "status") == "failed") return member(step, "stepId");
    return failure{error_code::conflict, "no step of the workflow has failed"};
}

result<workflow_order> order_of(const workflow_command& wanted, workflow_service& workflows) {
    if (wanted.verb == "pause") return workflow_order{pause_workflow{}};
    if (wanted.verb == "resume") return workflow_order{resume_workflow{}};
    if (wanted.verb == "cancel") return workflow_order{cancel_workflow{}};
    if (wanted.verb == "skip") return workflow_order{skip_step{wanted.step}};
    if (wanted.verb == "retry") {
        if (!wanted.step.empty()) return workflow_order{retry_step{wanted.step}};
        auto step = failed_step(workflows, wanted.id);
        if (!step) return step.error();
        return workflow_order{retry_step{std::move(*step)}};
    }
    auto answer = parse_json(wanted.answer);
    if (!answer) return failure{error_code::invalid_request, "JSON: " + answer.error().detail};
    return workflow_order{answer_step{wanted.step, std::move(*answer)}};
}

}  // namespace

exit_code run(const workflow_list& wanted, const workflow_context& with) {
    std::optional<workflow::status> status;
    if (wanted.status) {
        status = workflow::status_of(*wanted.status);
        if (!status)
            return complain(with.about.at, {error_code::invalid_request,
                                            "--status: must be running, waiting, paused, "
                                            "completed, failed or cancelled"});
    }
    const auto found = with.workflows.list(status);
    if (!found) return complain(with.about.at, found.error());
    if (with.about.json) return say(with.about, *found, {});
    table rows{{"ID", "KIND", "STATUS", "WAITS FOR", "CHANGED", "USER"}};
    for (const auto& one : items(*found, "items"))
        rows.push_back({member(one, "id"), shown(member(one, "kind")), member(one, "status"),
                        member(one, "waitsFor"), second_of(member(one, "updatedAt")),
                        member(one, "userId")});
    if (rows.size() > 1) print(with.about.at.out(), rows);
    return exit_code::done;
}

exit_code run(const workflow_show& wanted, const workflow_context& with) {
    const auto found = with.workflows.show(wanted.id);
    if (!found) return complain(with.about.at, found.error());
    return tell(with.about, *found);
}

exit_code run(const workflow_command& wanted, const workflow_context& with) {
    const auto order = order_of(wanted, with.workflows);
    if (!order) return complain(with.about.at, order.error());
    if (wanted.verb == "cancel")
        if (const auto end = doubt(with.about, "Cancel " + wanted.id + " and undo what it did?"))
            return *end;
    const auto done = with.workflows.command(wanted.id, *order);
    if (!done) return complain(with.about.at, done.error());
    return tell(with.about, *done);
}

}  // namespace perin::cli
