#include "actors/delegation/delegation_flow.hpp"

#include "actors/delegation/delegation_attempt.hpp"
#include "actors/delegation/hold_release.hpp"

namespace perin::actors {

using nlohmann::json;

namespace {

using step_work = void (*)(const delegation_attempt&);

/// Several tries, minutes apart in the end: the calendar or the database may be away for a while.
constexpr std::uint32_t many_attempts = 12;

workflow::step_definition step(std::string id, std::string name, std::string kind,
                               std::string description) {
    workflow::step_definition out;
    out.id = std::move(id);
    out.name = std::move(name);
    out.description = std::move(description);
    out.kind = "delegation." + std::move(kind);
    out.estimated_duration = std::chrono::seconds{1};
    out.most_attempts = many_attempts;
    return out;
}

workflow::step_definition compensated(workflow::step_definition of) {
    of.compensates = true;
    return of;
}

workflow::step_definition optional(workflow::step_definition of) {
    of.required = false;
    return of;
}

std::vector<workflow::step_definition> last_steps() {
    return {step(approval_step, "Owner's approval", "owner_approval",
                 "Waits for the owner where the link asks for that"),
            compensated(step("create_event", "Create the event", "create_event",
                             "Puts the meeting into the calendar")),
            optional(step("confirm", "Confirm", "confirm", "Tells the owner")),
            optional(step("mail_guest", "Mail to the guest", "mail_guest", "With the invitation")),
            optional(step("mail_owner", "Mail to the owner", "mail_owner", "With the invitation"))};
}

workflow::definition booking_definition() {
    workflow::definition out{delegation_workflow, 1, {}};
    out.steps = {
        // A time that a guest has asked for is held before the workflow begins.
        compensated(step("validate_link", "Check the link", "validate_link",
                         "Whether the link still holds")),
        step("load_owner_context", "Load the context", "load_owner_context", "Whose time it is"),
        step("check_availability", "Check availability", "check_availability",
             "Whether there is any time"),
        compensated(
            step("agree_slot", "Agree on a time", "agree_slot", "Waits for a time, and holds it"))};
    for (auto& each : last_steps()) out.steps.push_back(std::move(each));
    return out;
}

workflow::definition change_definition() {
    workflow::definition out{delegation_change_workflow, 1, {}};
    out.steps = {step("change", "Change the booking", "change", "Moves or cancels it")};
    for (auto& each : last_steps()) out.steps.push_back(std::move(each));
    // A meeting that was moved is not moved back.
    for (auto& each : out.steps) each.compensates = false;
    return out;
}

/// The form of a slot; whether it is free is seen when the step goes on.
result<json> check_slot(const json& answer) {
    const auto slot = chosen_slot_of(answer);
    if (!slot) return slot.error();
    return to_json(*slot);
}

result<json> check_approval(const json& answer) {
    const bool says = answer.is_object() && answer.contains("approved") &&
                      answer["approved"].is_boolean() && answer.contains("version") &&
                      answer["version"].is_number_unsigned();
    if (!says)
        return failure{error_code::invalid_request,
                       "a booking is approved or refused by its notification", "/answer"};
    return json{{"approved", answer["approved"]}, {"version", answer["version"]}};
}

}  // namespace

workflow_book delegation_workflows(delegation_flow_parts given) {
    const auto parts = std::make_shared<const delegation_flow_parts>(std::move(given));
    const auto work = [parts](step_work what) {
        return [parts, what](std::shared_ptr<step_run> run) {
            what(delegation_attempt(giving_back(std::move(run), parts, many_attempts), parts));
        };
    };
    workflow_book out;
    out.definitions = {booking_definition(), change_definition()};
    const auto add = [&](const char* name, step_work what) -> step_kind& {
        step_kind kind;
        kind.name = std::string("delegation.") + name;
        kind.run = work(what);
        kind.deadline = std::chrono::seconds{60};
        out.kinds.push_back(std::move(kind));
        return out.kinds.back();
    };
    add("validate_link", validate_link).compensate = work(give_up);
    add("load_owner_context", load_owner_context);
    add("check_availability", check_availability);
    auto& agrees = add("agree_slot", agree_slot);
    agrees.compensate = work(give_up);
    agrees.check_answer = check_slot;
    add("change", change_booking_of_link);
    add("owner_approval", ask_owner).check_answer = check_approval;
    add("create_event", create_event_of_link).compensate = work(give_up);
    add("confirm", notify_owner);
    add("mail_guest", mail_guest);
    add("mail_owner", mail_owner);
    return out;
}

}  // namespace perin::actors
