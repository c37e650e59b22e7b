#include "domain/workflow/summary.hpp"

#include "domain/json.hpp"

#include <array>

namespace perin::workflow {

namespace {

using nlohmann::json;

constexpr std::string_view stream_prefix = "workflow/";

json text_or_null(const std::optional<std::string>& text) { return text ? json(*text) : json(); }

json time_or_null(const std::optional<timestamp>& at) {
    return at ? json(to_rfc3339(*at)) : json();
}

std::optional<std::string> text_in(const json& of, const char* name) {
    const auto found = of.find(name);
    if (found == of.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

std::optional<waits_for> waits_for_of(std::string_view name) {
    for (const auto each :
         {waits_for::answer, waits_for::approval, waits_for::time, waits_for::event})
        if (name == to_string(each)) return each;
    return std::nullopt;
}

/// What a person reads of an event beside its name.
struct detail_of {
    std::string operator()(const begun& one) const {
        return one.origin ? one.origin->reasoning : std::string();
    }
    std::string operator()(const step_progress& one) const { return one.message; }
    std::string operator()(const step_waits& one) const {
        std::string out(to_string(one.what));
        if (one.until) out.append(" until ").append(to_rfc3339(*one.until));
        return out;
    }
    std::string operator()(const step_failed& one) const {
        std::string out(perin::to_string(one.code));
        if (!one.detail.empty()) out.append(": ").append(one.detail);
        if (one.retry_at) out.append("; again at ").append(to_rfc3339(*one.retry_at));
        return out;
    }
    std::string operator()(const paused& one) const { return one.reason; }
    std::string operator()(const cancel_asked& one) const { return one.reason; }
    std::string operator()(const failed& one) const { return perin::to_string(one.code); }
    template <class Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

json step_json(const step_state& step) {
    json shown = step.outcome;
    if (step.status == step_status::waiting && step.waiting) shown = step.waiting->shown;
    if (step.status == step_status::failed && step.failed_with)
        shown = {{"error", {{"code", perin::to_string(*step.failed_with)}}}};
    return {{"stepId", step.is.id},
            {"name", step.is.name},
            {"status", to_string(step.status)},
            {"required", step.is.required},
            {"attempts", step.attempts},
            {"result", std::move(shown)},
            {"startedAt", time_or_null(step.started_at)},
            {"endedAt", time_or_null(step.ended_at)}};
}

json history_json(const past_event& one) {
    const auto step = step_of(one.what);
    const auto detail = std::visit(detail_of{}, one.what);
    json attempt;
    if (const auto* started = std::get_if<step_started>(&one.what)) attempt = started->attempt;
    return {{"at", to_rfc3339(one.at)},
            {"event", kind_of(one.what)},
            {"stepId", step.empty() ? json() : json(step)},
            {"attempt", std::move(attempt)},
            {"detail", detail.empty() ? json() : json(detail)}};
}

}  // namespace

std::string stream_of(std::string_view workflow_id) {
    return std::string(stream_prefix).append(workflow_id);
}

std::string workflow_of(std::string_view stream) {
    if (!stream.starts_with(stream_prefix)) return {};
    return std::string(stream.substr(stream_prefix.size()));
}

std::optional<status> status_of(std::string_view name) {
    for (const auto each : {status::running, status::waiting, status::paused, status::completed,
                            status::failed, status::cancelled})
        if (name == to_string(each)) return each;
    return std::nullopt;
}

stream_state row_of(const summary& of) {
    json kept = {{"kind", of.kind}, {"version", of.definition_version}};
    if (of.conversation_id) kept["conversationId"] = *of.conversation_id;
    if (of.turn_id) kept["turnId"] = *of.turn_id;
    if (of.waits) {
        kept["stepId"] = of.waits->step_id;
        kept["waitsFor"] = to_string(of.waits->what);
        if (of.waits->until) kept["until"] = to_rfc3339(*of.waits->until);
    }
    return {std::string(stream_kind), of.user_id, std::string(to_string(of.status)), kept.dump(),
            of.conversation_id.has_value()};
}

std::optional<summary> summary_of(const std::string& stream, const stream_state& row,
                                  timestamp created_at, timestamp updated_at) {
    const auto kept = parse_json(row.summary);
    const auto status = status_of(row.state);
    const auto kind = kept ? text_in(*kept, "kind") : std::nullopt;
    if (!kind || !status || row.kind != stream_kind) return std::nullopt;
    summary out;
    out.id = workflow_of(stream);
    out.user_id = row.user_id;
    out.kind = *kind;
    out.definition_version = kept->value("version", std::uint32_t{1});
    out.status = *status;
    out.conversation_id = text_in(*kept, "conversationId");
    out.turn_id = text_in(*kept, "turnId");
    if (const auto waits = text_in(*kept, "waitsFor")) {
        const auto what = waits_for_of(*waits);
        if (!what) return std::nullopt;
        step_waits waiting{text_in(*kept, "stepId").value_or(""), *what};
        if (const auto until = text_in(*kept, "until")) waiting.until = from_rfc3339(*until);
        out.waits = std::move(waiting);
    }
    out.created_at = created_at;
    out.updated_at = updated_at;
    return out;
}

json to_json(const summary& of) {
    return {{"id", of.id},
            {"kind", of.kind},
            {"status", to_string(of.status)},
            {"conversationId", text_or_null(of.conversation_id)},
            {"createdAt", to_rfc3339(of.created_at)},
            {"updatedAt", to_rfc3339(of.updated_at)},
            {"waitsFor", of.waits ? json(to_string(of.waits->what)) : json()}};
}

json to_json(const account_of& of) {
    auto out = to_json(of.is);
    out["steps"] = json::array();
    for (const auto& step : of.steps) out["steps"].push_back(step_json(step));
    out["history"] = json::array();
    for (const auto& one : of.history) out["history"].push_back(history_json(one));
    return out;
}

journal_record record_of(const event& what, timestamp at) {
    return {0, std::string(kind_of(what)),
            to_json(what).dump(-1, ' ', false, json::error_handler_t::replace), at};
}

}  // namespace perin::workflow
