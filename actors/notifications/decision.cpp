#include "actors/notifications/decision.hpp"

#include "domain/id.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace perin::actors {

using namespace runtime;
using nlohmann::json;

namespace {

std::string approval_id(const waiting_call& one) {
    const auto both = one.turn_id + '\n' + one.call.id;
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(both.data()), both.size(), nullptr,
                       0);
    id_entropy random{};
    std::copy_n(hash.begin(), random.size(), random.begin());
    // The time within the turn's own id: that of this moment would be another one each time.
    auto id = make_id("ntf_", timestamp{}, random);
    constexpr std::size_t time_digits = 13;
    if (is_id(one.turn_id, "trn_")) id.replace(4, time_digits, one.turn_id, 4, time_digits);
    return id;
}

std::string text(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

notification approval_of(const waiting_call& one) {
    auto arguments = json::parse(one.call.arguments, nullptr, false);
    if (!arguments.is_object()) arguments = json::object();
    notification out;
    out.id = approval_id(one);
    out.user_id = one.key.user_id;
    out.type = tool_approval;
    out.subject = one.turn_id;
    out.title = one.title;
    out.payload = json{{"conversationId", one.key.conversation_id},
                       {"turnId", one.turn_id},
                       {"callId", one.call.id},
                       {"tool", one.call.name},
                       {"arguments", std::move(arguments)},
                       {"timezone", one.timezone},
                       {"askedAt", to_rfc3339(one.asked_at)}}
                      .dump(-1, ' ', false, json::error_handler_t::replace);
    out.actions = R"(["approve","refuse"])";
    out.expires_at = one.asked_at + approval_life;
    return out;
}

std::optional<command_workflow> booking_answer(const follow_up& what) {
    const auto payload = json::parse(what.what.payload, nullptr, false);
    const auto resolution = json::parse(what.what.resolution.value_or(""), nullptr, false);
    if (!payload.is_object() || !resolution.is_object()) return std::nullopt;
    command_workflow out;
    out.id = text(payload, "workflowId");
    out.user_id = what.what.user_id;
    const auto version = payload.find("version");
    auto step = text(payload, "stepId");
    if (out.id.empty() || step.empty() || version == payload.end()) return std::nullopt;
    out.order =
        answer_step{std::move(step),
                    {{"approved", text(resolution, "action") == "approve"}, {"version", *version}}};
    return out;
}

std::optional<chat_send> decision_message(const follow_up& what) {
    const auto payload = json::parse(what.what.payload, nullptr, false);
    const auto resolution = json::parse(what.what.resolution.value_or(""), nullptr, false);
    if (!payload.is_object() || !resolution.is_object()) return std::nullopt;
    const auto asked_at = from_rfc3339(text(payload, "askedAt"));
    decided_call decided;
    decided.call = {text(payload, "callId"), text(payload, "tool"),
                    payload.value("arguments", json::object()).dump()};
    decided.approved = text(resolution, "action") == "approve";
    decided.notification_id = what.what.id;
    chat_send out;
    out.account = what.owner;
    out.conversation_id = text(payload, "conversationId");
    if (!asked_at || decided.call.name.empty() || out.conversation_id.empty()) return std::nullopt;
    decided.asked_at = *asked_at;
    out.message = (decided.approved ? "Approved: " : "Refused: ") + what.what.title;
    out.options.timezone = text(payload, "timezone");
    out.idempotency_key = what.what.id;
    out.decided = std::move(decided);
    return out;
}

}  // namespace perin::actors
