#include "net/front/guest_chat.hpp"

#include "domain/time.hpp"
#include "net/front/workflow_order.hpp"

#include <nlohmann/json.hpp>

namespace perin::net {

using namespace runtime;

namespace {

failure no_such_conversation() { return {error_code::not_found, "there is no such conversation"}; }

/// Keys are told apart by user, and a guest's must not be one of the owner's.
std::string key_of(const admitted_guest& who, const std::string& key) {
    return "guest/" + who.at.link.id + "/" + who.session_id.value_or("") + "/" + key;
}

}  // namespace

result<void> speak_as_guest(const admitted_guest& who, chat_send& message) {
    auto& wanted = message.conversation_id;
    message.account = who.at.owner;
    message.guest = guest_access{who.at.link.id, false};
    message.options.client_integrations.clear();
    if (!message.idempotency_key.empty())
        message.idempotency_key = key_of(who, message.idempotency_key);
    if (!who.conversation_id) {
        message.guest->must_exist = !wanted.empty();
        return {};
    }
    if (!wanted.empty() && wanted != *who.conversation_id) return no_such_conversation();
    wanted = *who.conversation_id;
    return {};
}

result<void> subscribe_as_guest(const admitted_guest& who, session_subscribe& wanted) {
    wanted.key.user_id = who.at.link.user_id;
    wanted.delegation_id = who.at.link.id;
    if (who.conversation_id && wanted.key.conversation_id != *who.conversation_id)
        return no_such_conversation();
    return {};
}

void cancel_as_guest(const admitted_guest& who, chat_cancel& wanted) {
    wanted.user_id = who.at.link.user_id;
    wanted.delegation_id = who.at.link.id;
    wanted.conversation_id = who.conversation_id;
}

result<void> order_as_guest(const admitted_guest& who, command_workflow& wanted) {
    if (!guest_may(wanted.order))
        return failure{error_code::forbidden, "only the owner may do this"};
    wanted.user_id = who.at.link.user_id;
    wanted.by_guest = true;
    // Those that the connection uses are added by its session.
    if (who.conversation_id) wanted.conversations = {*who.conversation_id};
    return {};
}

nlohmann::json guest_json(const admitted_guest& who) {
    return {{"id", who.at.link.id},
            {"title", who.at.link.title},
            {"ownerName", who.at.owner.name},
            {"expiresAt", to_rfc3339(who.at.link.expires_at)}};
}

}  // namespace perin::net
