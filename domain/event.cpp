#include "domain/event.hpp"

#include "domain/control_tokens.hpp"
#include "domain/text.hpp"

#include <array>
#include <charconv>

namespace perin {

namespace {

using nlohmann::json;

constexpr std::array stage_names{"LOAD_MEMORY",
                                 "LOAD_NOTIFICATIONS_CONTEXT",
                                 "NOTIFICATIONS_ACTION",
                                 "AI_ANALYSIS",
                                 "DECIDE_EXECUTION_MODE",
                                 "PLANNER",
                                 "TOOL_EXECUTION",
                                 "RESPONDER",
                                 "DIRECT",
                                 "STREAM_RESPONSE"};
constexpr std::array stage_statuses{"started", "done", "skipped", "failed"};
constexpr std::array finish_reasons{"stop", "length", "tool_limit", "fallback", "cancelled"};
constexpr std::array tool_statuses{"ok", "failed", "timed_out"};
constexpr std::array multi_step_changes{"paused", "resumed", "complete", "cancelled", "failed"};
constexpr std::array step_result_statuses{"ok", "failed", "skipped", "waiting"};
/// By the place in `event_body`; those of `multi_step_changed` are in `change_kinds`.
constexpr std::array kinds{"turn.started",         "stage",   "text.delta",     "tool.started",
                           "tool.result",          "notice",  "turn.completed", "turn.failed",
                           "multi_step.initiated", "",        "step.start",     "step.progress",
                           "step.result",          "step.end"};
static_assert(kinds.size() == std::variant_size_v<event_body>);
constexpr std::array change_kinds{"multi_step.paused", "multi_step.resumed", "multi_step.complete",
                                  "multi_step.cancelled", "multi_step.failed"};
static_assert(change_kinds.size() == multi_step_changes.size());

/// What may come from outside the program is written even where it is not UTF-8.
std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<const char*, N>& names, const json& value) {
    if (!value.is_string()) return std::nullopt;
    for (std::size_t i = 0; i < N; ++i)
        if (value.get_ref<const std::string&>() == names[i]) return static_cast<Enum>(i);
    return std::nullopt;
}

/// Writes the fields of an event's JSON object, `"kind"` first.
struct field_writer {
    std::string& out;

    void name(std::string_view key) { out.append(",\"").append(key).append("\":"); }
    void text(std::string_view key, std::string_view value) {
        name(key);
        append_json_string(out, value);
    }
    void number(std::string_view key, std::int64_t value) {
        name(key);
        std::array<char, 24> digits{};
        auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        out.append(digits.data(), end);
    }
    void raw(std::string_view key, std::string_view value) {
        name(key);
        out.append(value);
    }
    void text_or_null(std::string_view key, std::string_view value) {
        if (value.empty()) return raw(key, "null");
        text(key, value);
    }
    void step(const step_name& of) {
        text("workflowId", of.workflow_id);
        text("stepId", of.step_id);
        text("stepName", of.name);
    }

    void operator()(const turn_started& body) {
        text("message", body.message);
        if (body.mode)
            text("mode", to_string(*body.mode));
        else
            raw("mode", "null");
    }
    void operator()(const stage_changed& body) {
        text("name", to_string(body.name));
        text("status", to_string(body.status));
        if (body.elapsed_ms)
            number("elapsedMs", *body.elapsed_ms);
        else
            raw("elapsedMs", "null");
    }
    void operator()(const text_delta& body) { text("text", body.text); }
    void operator()(const tool_started& body) {
        text("callId", body.call_id);
        text("name", body.name);
        raw("arguments", body.arguments.dump());
    }
    void operator()(const tool_finished& body) {
        text("callId", body.call_id);
        text("status", to_string(body.outcome.status));
        if (body.outcome.status == tool_status::ok) {
            raw("result", body.outcome.result.dump());
            raw("error", "null");
        } else {
            raw("result", "null");
            raw("error",
                json{{"code", body.outcome.error_code}, {"message", body.outcome.error_message}}
                    .dump());
        }
    }
    void operator()(const turn_notice& body) {
        text("code", body.code);
        text("detail", body.detail);
    }
    void operator()(const turn_completed& body) {
        text("text", body.text);
        text("finishReason", to_string(body.reason));
        if (body.usage) {
            raw("usage",
                "{\"promptTokens\":" + std::to_string(body.usage->prompt_tokens) +
                    ",\"completionTokens\":" + std::to_string(body.usage->completion_tokens) +
                    ",\"totalTokens\":" + std::to_string(body.usage->total_tokens) + "}");
        } else {
            raw("usage", "null");
        }
        number("overheadMs", body.overhead_ms);
    }
    void operator()(const turn_failed& body) {
        text("code", to_string(body.code));
        text("detail", body.detail);
        raw("retryable", body.retryable ? "true" : "false");
    }
    void operator()(const multi_step_initiated& body) {
        text("workflowId", body.workflow_id);
        text("reasoning", body.reasoning);
        raw("confidence", confidence_number(body.confidence));
        raw("steps", "[");
        for (const auto& one : body.steps) {
            if (&one != &body.steps.front()) out.push_back(',');
            out.append("{\"stepId\":");
            append_json_string(out, one.step_id);
            text("name", one.name);
            text_or_null("description", one.description);
            raw("required", one.required ? "true" : "false");
            number("estimatedDurationS", one.estimated_duration.count());
            out.push_back('}');
        }
        out.push_back(']');
    }
    void operator()(const multi_step_changed& body) {
        text("workflowId", body.workflow_id);
        text_or_null("reason", body.reason);
    }
    void operator()(const step_began& body) { step(body.of); }
    void operator()(const step_progressed& body) {
        step(body.of);
        text("message", body.message);
    }
    void operator()(const step_result& body) {
        step(body.of);
        text("status", to_string(body.status));
        raw("result", dumped(body.outcome));
    }
    void operator()(const step_ended& body) { step(body.of); }
};

/// The fields that `field_writer` wrote.
struct field_reader {
    const json& fields;

    [[nodiscard]] const json& operator[](const char* key) const {
        static const json absent;
        auto found = fields.find(key);
        return found == fields.end() ? absent : *found;
    }
    [[nodiscard]] std::string text(const char* key) const {
        const auto& value = (*this)[key];
        return value.is_string() ? value.get<std::string>() : std::string{};
    }
};

announced_step read_step(const json& written) {
    const field_reader fields{written};
    announced_step out{fields.text("stepId"), fields.text("name"), fields.text("description")};
    out.required = fields["required"] != json(false);
    if (fields["estimatedDurationS"].is_number_integer())
        out.estimated_duration =
            std::chrono::seconds{fields["estimatedDurationS"].get<std::int64_t>()};
    return out;
}

/// The same of what is told of a workflow.
std::optional<event_body> read_workflow_body(const std::string& kind, const field_reader& fields) {
    const auto workflow_id = fields.text("workflowId");
    if (kind == "multi_step.initiated") {
        multi_step_initiated body{workflow_id, fields.text("reasoning")};
        if (fields["confidence"].is_number()) body.confidence = fields["confidence"].get<double>();
        if (fields["steps"].is_array())
            for (const auto& one : fields["steps"])
                if (one.is_object()) body.steps.push_back(read_step(one));
        return body;
    }
    for (std::size_t i = 0; i < change_kinds.size(); ++i)
        if (kind == change_kinds[i])
            return multi_step_changed{workflow_id, static_cast<multi_step_change>(i),
                                      fields.text("reason")};
    step_name of{workflow_id, fields.text("stepId"), fields.text("stepName")};
    if (kind == "step.start") return step_began{std::move(of)};
    if (kind == "step.progress") return step_progressed{std::move(of), fields.text("message")};
    if (kind == "step.end") return step_ended{std::move(of)};
    if (kind != "step.result") return std::nullopt;
    auto status = named<step_result_status>(step_result_statuses, fields["status"]);
    if (!status) return std::nullopt;
    return step_result{std::move(of), *status, fields["result"]};
}

/// Reads the fields that `field_writer` wrote; nothing where one is missing or of another type.
std::optional<event_body> read_body(const json& fields) {
    const field_reader field{fields};
    auto text = [&](const char* key) { return field.text(key); };
    auto kind = text("kind");
    if (kind == "turn.started") {
        turn_started body{text("message"), std::nullopt};
        for (auto mode :
             {execution_mode::direct, execution_mode::tools, execution_mode::multi_step})
            if (text("mode") == to_string(mode)) body.mode = mode;
        return body;
    }
    if (kind == "stage") {
        auto name = named<stage_name>(stage_names, field["name"]);
        auto status = named<stage_status>(stage_statuses, field["status"]);
        if (!name || !status) return std::nullopt;
        stage_changed body{*name, *status, std::nullopt};
        if (field["elapsedMs"].is_number_integer())
            body.elapsed_ms = field["elapsedMs"].get<std::int64_t>();
        return body;
    }
    if (kind == "text.delta") return text_delta{text("text")};
    if (kind == "tool.started")
        return tool_started{text("callId"), text("name"), field["arguments"]};
    if (kind == "tool.result") {
        auto status = named<tool_status>(tool_statuses, field["status"]);
        if (!status) return std::nullopt;
        tool_finished body{text("callId"), {*status, field["result"]}};
        if (field["error"].is_object()) {
            body.outcome.error_code = field["error"].value("code", "");
            body.outcome.error_message = field["error"].value("message", "");
        }
        return body;
    }
    if (kind == "notice") return turn_notice{text("code"), text("detail")};
    if (kind == "turn.completed") {
        auto reason = named<finish_reason>(finish_reasons, field["finishReason"]);
        if (!reason) return std::nullopt;
        turn_completed body{text("text"), *reason, std::nullopt,
                            fields.value("overheadMs", std::int64_t{0})};
        if (const auto& usage = field["usage"]; usage.is_object())
            body.usage = token_usage{usage.value("promptTokens", std::int64_t{0}),
                                     usage.value("completionTokens", std::int64_t{0}),
                                     usage.value("totalTokens", std::int64_t{0})};
        return body;
    }
    if (kind == "turn.failed") {
        auto code = error_code_of(text("code"));
        if (!code) return std::nullopt;
        return turn_failed{*code, text("detail"), fields.value("retryable", false)};
    }
    return read_workflow_body(kind, field);
}

}  // namespace

const char* to_string(stage_name name) noexcept {
    return stage_names[static_cast<std::size_t>(name)];
}
const char* to_string(stage_status status) noexcept {
    return stage_statuses[static_cast<std::size_t>(status)];
}
const char* to_string(finish_reason reason) noexcept {
    return finish_reasons[static_cast<std::size_t>(reason)];
}
const char* to_string(tool_status status) noexcept {
    return tool_statuses[static_cast<std::size_t>(status)];
}
const char* to_string(multi_step_change what) noexcept {
    return multi_step_changes[static_cast<std::size_t>(what)];
}
const char* to_string(step_result_status status) noexcept {
    return step_result_statuses[static_cast<std::size_t>(status)];
}

bool tells_of_workflow(const event_body& body) noexcept {
    static_assert(std::is_same_v<std::variant_alternative_t<8, event_body>, multi_step_initiated>);
    return body.index() >= 8;
}

bool ends_turn(const event& one) {
    return std::holds_alternative<turn_completed>(one.body) ||
           std::holds_alternative<turn_failed>(one.body);
}

std::string_view kind_of(const event_body& body) {
    if (const auto* changed = std::get_if<multi_step_changed>(&body))
        return change_kinds[static_cast<std::size_t>(changed->to)];
    return kinds[body.index()];
}

std::string to_frame(std::string_view conversation_id, const event& one) {
    std::string out;
    out.reserve(256);
    field_writer write{out};
    out.append(R"({"type":"event","conversationId":)");
    append_json_string(out, conversation_id);
    out.append(R"(,"turnId":)");
    append_json_string(out, one.turn_id);
    write.number("seq", static_cast<std::int64_t>(one.seq));
    if (one.from_seq != one.seq) write.number("fromSeq", static_cast<std::int64_t>(one.from_seq));
    out.append(R"(,"at":")").append(to_rfc3339(one.at));
    out.append(R"(","event":{"kind":")").append(kind_of(one.body)).push_back('"');
    std::visit(write, one.body);
    out.append("}}");
    return out;
}

bool can_merge(const event& first, const event& next) {
    return std::holds_alternative<text_delta>(first.body) &&
           std::holds_alternative<text_delta>(next.body) && next.from_seq == first.seq + 1 &&
           first.turn_id == next.turn_id;
}

void merge_into(event& first, const event& next) {
    auto& into = std::get<text_delta>(first.body);
    const auto& from = std::get<text_delta>(next.body);
    auto length_of = [](const text_delta& delta) {
        return static_cast<std::uint32_t>(delta.text.size());
    };
    if (into.parts.empty()) into.parts.push_back(length_of(into));
    if (from.parts.empty())
        into.parts.push_back(length_of(from));
    else
        into.parts.insert(into.parts.end(), from.parts.begin(), from.parts.end());
    into.text.append(from.text);
    first.seq = next.seq;
    first.at = next.at;
}

std::optional<event> part_after(const event& one, std::uint64_t seq) {
    if (one.seq <= seq) return std::nullopt;
    if (one.from_seq > seq) return one;
    event rest = one;
    auto& delta = std::get<text_delta>(rest.body);
    auto skip = static_cast<std::ptrdiff_t>(seq - one.from_seq + 1);
    std::size_t bytes = 0;
    for (std::ptrdiff_t i = 0; i < skip; ++i) bytes += delta.parts[static_cast<std::size_t>(i)];
    delta.text.erase(0, bytes);
    delta.parts.erase(delta.parts.begin(), delta.parts.begin() + skip);
    if (delta.parts.size() == 1) delta.parts.clear();
    rest.from_seq = seq + 1;
    return rest;
}

void append_stored(std::string& out, const event& one) {
    out.append("{\"seq\":").append(std::to_string(one.seq));
    out.append(",\"at\":").append(std::to_string(one.at.time_since_epoch().count()));
    if (const auto* delta = std::get_if<text_delta>(&one.body); delta && !delta->parts.empty()) {
        out.append(",\"parts\":[");
        for (auto length : delta->parts) out.append(std::to_string(length)).push_back(',');
        out.back() = ']';
    }
    out.append(",\"event\":{\"kind\":\"").append(kind_of(one.body)).push_back('"');
    field_writer write{out};
    if (const auto* completed = std::get_if<turn_completed>(&one.body))
        write(turn_completed{{}, completed->reason, completed->usage, completed->overhead_ms});
    else
        std::visit(write, one.body);
    out.append("}}");
}

std::optional<event> from_stored(const std::string& turn_id, const json& stored) {
    if (!stored.is_object() || !stored.contains("event") || !stored["event"].is_object())
        return std::nullopt;
    auto body = read_body(stored["event"]);
    if (!body) return std::nullopt;
    event one{turn_id, stored.value("seq", std::uint64_t{0}), 0,
              timestamp{std::chrono::milliseconds{stored.value("at", std::int64_t{0})}},
              std::move(*body)};
    one.from_seq = one.seq;
    if (auto* delta = std::get_if<text_delta>(&one.body); delta && stored.contains("parts")) {
        delta->parts = stored["parts"].get<std::vector<std::uint32_t>>();
        std::size_t sum = 0;
        for (auto length : delta->parts) sum += length;
        if (sum != delta->text.size() || delta->parts.size() > one.seq) return std::nullopt;
        one.from_seq = one.seq - delta->parts.size() + 1;
    }
    return one;
}

std::string told_to_model(const tool_outcome& outcome) {
    if (outcome.status == tool_status::ok) return outcome.result.dump();
    return json{{"error", {{"code", outcome.error_code}, {"message", outcome.error_message}}}}
        .dump();
}

}  // namespace perin
