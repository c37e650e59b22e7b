#include "domain/conversation_records.hpp"

#include "domain/text.hpp"

namespace perin {

namespace {

using nlohmann::json;

constexpr int payload_format = 1;

void add_number(std::string& out, const char* name, std::uint64_t value) {
    out.append(",\"").append(name).append("\":").append(std::to_string(value));
}

void add_text(std::string& out, const char* name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
}

std::string begin_payload(const std::string& turn_id) {
    std::string out = "{\"v\":" + std::to_string(payload_format);
    add_text(out, "turnId", turn_id);
    return out;
}

void add_options(std::string& out, const turn_options& options) {
    if (!options.tone.empty()) add_text(out, "tone", options.tone);
    if (!options.perin_name.empty()) add_text(out, "perinName", options.perin_name);
    if (!options.specialization.empty()) add_text(out, "specialization", options.specialization);
    if (!options.timezone.empty()) add_text(out, "timezone", options.timezone);
    if (!options.client_integrations.empty())
        out.append(",\"clientIntegrations\":").append(json(options.client_integrations).dump());
}

void add_decision(std::string& out, const decided_call& decided) {
    out.append(",\"decided\":")
        .append(json{{"callId", decided.call.id},
                     {"tool", decided.call.name},
                     {"arguments", decided.call.arguments},
                     {"approved", decided.approved},
                     {"notificationId", decided.notification_id},
                     {"askedAt", to_rfc3339(decided.asked_at)}}
                    .dump());
}

std::string text(const json& object, const char* name) {
    auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number(const json& object, const char* name) {
    auto found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// Nothing where the turn's own message began it.
std::optional<decided_call> read_decision(const json& payload) {
    auto found = payload.find("decided");
    if (found == payload.end() || !found->is_object()) return std::nullopt;
    decided_call out;
    out.call = {text(*found, "callId"), text(*found, "tool"), text(*found, "arguments")};
    out.approved = found->value("approved", json()) == json(true);
    out.notification_id = text(*found, "notificationId");
    out.asked_at = from_rfc3339(text(*found, "askedAt")).value_or(timestamp{});
    return out;
}

std::optional<execution_mode> read_mode(const json& payload) {
    for (auto mode : {execution_mode::tools, execution_mode::multi_step, execution_mode::direct})
        if (text(payload, "mode") == to_string(mode)) return mode;
    return std::nullopt;
}

accepted_fact read_accepted(const json& payload, const journal_record& record) {
    accepted_fact fact;
    fact.turn.turn_id = text(payload, "turnId");
    fact.turn.user_message_id = text(payload, "userMessageId");
    fact.turn.assistant_message_id = text(payload, "assistantMessageId");
    fact.turn.message = text(payload, "message");
    fact.turn.options = {
        text(payload, "tone"), text(payload, "perinName"), text(payload, "specialization"),
        payload.value("clientIntegrations", std::vector<std::string>{}), text(payload, "timezone")};
    fact.turn.decided = read_decision(payload);
    fact.turn.accepted_at = record.at;
    fact.turn.accepted_version = record.version;
    if (payload.contains("startedSeq")) fact.started_seq = number(payload, "startedSeq");
    if (auto history = payload.find("history"); history != payload.end())
        for (const auto& message : *history)
            fact.history.push_back(
                {text(message, "role") == "assistant" ? chat_role::assistant : chat_role::user,
                 text(message, "content")});
    // Earlier versions wrote no mode.
    fact.mode = payload.contains("mode") ? read_mode(payload) : mode_of(fact.turn, {});
    return fact;
}

planned_fact read_planned(const json& payload) {
    planned_fact fact{text(payload, "turnId"), {}};
    for (const auto& call : payload.value("calls", json::array()))
        fact.calls.push_back({text(call, "id"), text(call, "name"), text(call, "arguments")});
    return fact;
}

tool_fact read_tool(const json& payload) {
    tool_fact fact{text(payload, "turnId"), text(payload, "callId"), {}};
    auto status = text(payload, "status");
    for (auto one : {tool_status::ok, tool_status::failed, tool_status::timed_out})
        if (status == to_string(one)) fact.outcome.status = one;
    fact.outcome.result = payload.value("result", json());
    fact.outcome.error_code = text(payload, "errorCode");
    fact.outcome.error_message = text(payload, "errorMessage");
    return fact;
}

/// The events of a record, of its turn where they name no other.
std::vector<event> read_events(const json& payload) {
    std::vector<event> out;
    for (const auto& stored : payload.value("events", json::array())) {
        auto other = text(stored, "turnId");
        auto one = from_stored(other.empty() ? text(payload, "turnId") : other, stored);
        if (!one) continue;
        if (auto* completed = std::get_if<turn_completed>(&one->body); completed && other.empty())
            completed->text = text_of(out);
        out.push_back(std::move(*one));
    }
    return out;
}

ended_fact read_ended(const json& payload) {
    ended_fact fact{text(payload, "turnId"), turn_end::status::complete, read_events(payload)};
    for (auto one :
         {turn_end::status::complete, turn_end::status::cancelled, turn_end::status::failed})
        if (text(payload, "status") == to_string(one)) fact.outcome = one;
    return fact;
}

/// Null where it is not known.
void add_mode(std::string& out, std::optional<execution_mode> mode) {
    if (mode)
        add_text(out, "mode", to_string(*mode));
    else
        out.append(",\"mode\":null");
}

/// Appends the field `events`: those of other turns than `turn_id` name theirs.
void add_events(std::string& out, const std::string& turn_id,
                std::span<const shared_event> events) {
    out.append(",\"events\":[");
    bool first = true;
    auto add = [&](const event& one) {
        if (!first) out.push_back(',');
        first = false;
        append_stored(out, one);
        if (one.turn_id == turn_id) return;
        out.pop_back();
        add_text(out, "turnId", one.turn_id);
        out.push_back('}');
    };
    std::optional<event> joined;
    for (const auto& shared : events) {
        const auto& one = shared->value;
        if (joined && can_merge(*joined, one)) {
            merge_into(*joined, one);
            continue;
        }
        if (joined) add(*joined);
        joined.reset();
        if (std::holds_alternative<text_delta>(one.body))
            joined = one;
        else
            add(one);
    }
    if (joined) add(*joined);
    out.push_back(']');
}

/// What no record holds of a turn: all after its beginning, or after the newest notice that it is
/// run again.
std::span<const shared_event> unwritten(std::span<const shared_event> events) {
    auto from = events.size();
    while (from > 0) {
        const auto& body = events[from - 1]->value.body;
        const auto* notice = std::get_if<turn_notice>(&body);
        if (std::holds_alternative<turn_started>(body) ||
            (notice && notice->code == restarted_notice().code))
            break;
        --from;
    }
    return events.subspan(from);
}

}  // namespace

conversation_fact read_record(const journal_record& record) {
    auto payload = json::parse(record.payload, nullptr, false);
    if (!payload.is_object()) return {};
    if (record.kind == kinds::accepted) return read_accepted(payload, record);
    if (record.kind == kinds::started)
        return started_fact{text(payload, "turnId"), number(payload, "seq"),
                            text(payload, "message"), read_mode(payload)};
    if (record.kind == kinds::restarted)
        return restarted_fact{text(payload, "turnId"), number(payload, "seq"),
                              read_events(payload)};
    if (record.kind == kinds::planned) return read_planned(payload);
    if (record.kind == kinds::tool) return read_tool(payload);
    if (record.kind == kinds::dropped)
        return dropped_fact{text(payload, "turnId"), number(payload, "seq"),
                            text(payload, "within"), text(payload, "message")};
    if (record.kind == kinds::ended) return read_ended(payload);
    if (record.kind == kinds::told)
        return told_fact{text(payload, "turnId"), text(payload, "stream"),
                         number(payload, "version"), text(payload, "within"), read_events(payload)};
    return {};
}

std::string accepted_payload(const pending_turn& turn, std::optional<std::uint64_t> started_seq,
                             std::span<const chat_message> history,
                             std::optional<execution_mode> mode) {
    auto out = begin_payload(turn.turn_id);
    add_text(out, "userMessageId", turn.user_message_id);
    add_text(out, "assistantMessageId", turn.assistant_message_id);
    add_text(out, "message", turn.message);
    add_options(out, turn.options);
    if (turn.decided) add_decision(out, *turn.decided);
    if (started_seq) {
        add_number(out, "startedSeq", *started_seq);
        add_mode(out, mode);
    }
    if (!history.empty()) {
        auto earlier = json::array();
        for (const auto& message : history)
            earlier.push_back({{"role", to_string(message.role)}, {"content", message.content}});
        out.append(",\"history\":").append(earlier.dump());
    }
    return out += '}';
}

std::string started_payload(const pending_turn& turn, std::uint64_t seq,
                            std::optional<execution_mode> mode) {
    auto out = begin_payload(turn.turn_id);
    add_number(out, "seq", seq);
    add_text(out, "message", turn.message);
    add_mode(out, mode);
    return out += '}';
}

std::string restarted_payload(const std::string& turn_id, std::uint64_t seq,
                              std::span<const shared_event> events) {
    auto out = begin_payload(turn_id);
    add_number(out, "seq", seq);
    if (auto before = unwritten(events); !before.empty()) add_events(out, turn_id, before);
    return out += '}';
}

std::string planned_payload(const std::string& turn_id, std::span<const tool_call> calls) {
    auto out = begin_payload(turn_id);
    auto list = json::array();
    for (const auto& call : calls)
        list.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    out.append(",\"calls\":").append(list.dump());
    return out += '}';
}

std::string tool_payload(const std::string& turn_id, const std::string& call_id,
                         const tool_outcome& outcome) {
    auto out = begin_payload(turn_id);
    add_text(out, "callId", call_id);
    add_text(out, "status", to_string(outcome.status));
    if (outcome.status == tool_status::ok) {
        out.append(",\"result\":").append(outcome.result.dump());
    } else {
        add_text(out, "errorCode", outcome.error_code);
        add_text(out, "errorMessage", outcome.error_message);
    }
    return out += '}';
}

std::string dropped_payload(const pending_turn& turn, std::uint64_t seq,
                            const std::string& within) {
    auto out = begin_payload(turn.turn_id);
    add_number(out, "seq", seq);
    add_text(out, "within", within);
    add_text(out, "message", turn.message);
    return out += '}';
}

std::string ended_payload(const pending_turn& turn, turn_end::status outcome,
                          std::span<const shared_event> events) {
    auto out = begin_payload(turn.turn_id);
    add_text(out, "status", to_string(outcome));
    add_events(out, turn.turn_id, unwritten(events));
    return out += '}';
}

std::string told_payload(const told_fact& of, std::span<const shared_event> events) {
    auto out = begin_payload(of.turn_id);
    add_text(out, "stream", of.stream);
    add_number(out, "version", of.version);
    add_text(out, "within", of.within);
    add_events(out, of.turn_id, events);
    return out += '}';
}

turn_notice restarted_notice() {
    return {"turn_restarted", "the server was restarted; this turn is run again"};
}

std::string text_of(std::span<const event> events) {
    std::string text;
    for (const auto& one : events)
        if (const auto* delta = std::get_if<text_delta>(&one.body)) text.append(delta->text);
    return text;
}

std::optional<execution_mode> mode_of(const pending_turn& turn,
                                      std::span<const chat_message> history) {
    if (turn.decided) return execution_mode::tools;
    return mode_known_at_start(turn.message, history,
                               turn.options.specialization.empty()
                                   ? std::nullopt
                                   : std::optional<std::string_view>{turn.options.specialization},
                               false);
}

}  // namespace perin
