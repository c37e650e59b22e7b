#include "domain/workflow/event.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace perin::workflow {

namespace {

using nlohmann::json;

constexpr std::array kinds{"begun",         "step.started",     "step.progress", "step.waits",
                           "step.answered", "step.done",        "step.failed",   "step.skipped",
                           "step.retried",  "step.compensated", "paused",        "resumed",
                           "cancel.asked",  "cancelled",        "completed",     "failed"};
static_assert(kinds.size() == std::variant_size_v<event>);

constexpr std::array waits{"answer", "approval", "time", "event"};

json time_or_null(const std::optional<timestamp>& at) {
    return at ? json(to_rfc3339(*at)) : json();
}

/// Writes the fields of an event.
struct writer {
    json operator()(const begun& one) const {
        json out = {{"kind", one.kind}, {"version", one.version}, {"input", one.input}};
        if (one.origin)
            out["origin"] = {{"conversationId", one.origin->conversation_id},
                             {"turnId", one.origin->turn_id},
                             {"reasoning", one.origin->reasoning},
                             {"confidence", one.origin->confidence}};
        return out;
    }
    json operator()(const step_started& one) const {
        return {{"stepId", one.step_id}, {"attempt", one.attempt}};
    }
    json operator()(const step_progress& one) const {
        return {{"stepId", one.step_id}, {"message", one.message}};
    }
    json operator()(const step_waits& one) const {
        return {{"stepId", one.step_id},
                {"for", to_string(one.what)},
                {"until", time_or_null(one.until)},
                {"shown", one.shown}};
    }
    json operator()(const step_answered& one) const {
        json out{{"stepId", one.step_id}, {"answer", one.answer}};
        if (!one.by.empty()) out["by"] = one.by;
        return out;
    }
    json operator()(const step_done& one) const {
        return {{"stepId", one.step_id}, {"result", one.outcome}};
    }
    json operator()(const step_failed& one) const {
        return {{"stepId", one.step_id},
                {"code", perin::to_string(one.code)},
                {"detail", one.detail},
                {"retryAt", time_or_null(one.retry_at)}};
    }
    json operator()(const step_skipped& one) const { return {{"stepId", one.step_id}}; }
    json operator()(const step_retried& one) const { return {{"stepId", one.step_id}}; }
    json operator()(const step_compensated& one) const { return {{"stepId", one.step_id}}; }
    json operator()(const paused& one) const { return {{"reason", one.reason}}; }
    json operator()(const resumed&) const { return json::object(); }
    json operator()(const cancel_asked& one) const { return {{"reason", one.reason}}; }
    json operator()(const cancelled&) const { return json::object(); }
    json operator()(const completed&) const { return json::object(); }
    json operator()(const failed& one) const {
        return {{"stepId", one.step_id}, {"code", perin::to_string(one.code)}};
    }
};

/// A field of an event that was written by `writer`; throws where it is not there.
class reader {
  public:
    explicit reader(const json& written) : written_(written) {}

    [[nodiscard]] std::string text(const char* name) const {
        return written_.at(name).get<std::string>();
    }
    /// Empty where it is not there.
    [[nodiscard]] std::string text_if(const char* name) const {
        return written_.contains(name) ? text(name) : std::string();
    }
    [[nodiscard]] std::uint32_t number(const char* name) const {
        return written_.at(name).get<std::uint32_t>();
    }
    [[nodiscard]] json any(const char* name) const { return written_.at(name); }
    [[nodiscard]] std::optional<timestamp> time(const char* name) const {
        if (written_.at(name).is_null()) return std::nullopt;
        const auto at = from_rfc3339(text(name));
        if (!at) throw json::other_error::create(501, "no time", nullptr);
        return at;
    }
    [[nodiscard]] std::optional<told_in> origin() const {
        const auto found = written_.find("origin");
        if (found == written_.end()) return std::nullopt;
        return told_in{
            found->at("conversationId").get<std::string>(), found->at("turnId").get<std::string>(),
            found->at("reasoning").get<std::string>(), found->at("confidence").get<double>()};
    }
    [[nodiscard]] error_code code(const char* name) const {
        return error_code_of(text(name)).value_or(error_code::internal);
    }
    [[nodiscard]] waits_for waited(const char* name) const {
        const auto said = text(name);
        for (std::size_t i = 0; i < waits.size(); ++i)
            if (said == waits[i]) return static_cast<waits_for>(i);
        throw json::other_error::create(501, "waits for nothing known", nullptr);
    }

  private:
    const json& written_;
};

void read(begun& to, const reader& from) {
    to = {from.text("kind"), from.number("version"), from.any("input"), from.origin()};
}
void read(step_started& to, const reader& from) {
    to = {from.text("stepId"), from.number("attempt")};
}
void read(step_progress& to, const reader& from) {
    to = {from.text("stepId"), from.text("message")};
}
void read(step_waits& to, const reader& from) {
    to = {from.text("stepId"), from.waited("for"), from.time("until"), from.any("shown")};
}
void read(step_answered& to, const reader& from) {
    to = {from.text("stepId"), from.any("answer"), from.text_if("by")};
}
void read(step_done& to, const reader& from) { to = {from.text("stepId"), from.any("result")}; }
void read(step_failed& to, const reader& from) {
    to = {from.text("stepId"), from.code("code"), from.text("detail"), from.time("retryAt")};
}
void read(step_skipped& to, const reader& from) { to = {from.text("stepId")}; }
void read(step_retried& to, const reader& from) { to = {from.text("stepId")}; }
void read(step_compensated& to, const reader& from) { to = {from.text("stepId")}; }
void read(paused& to, const reader& from) { to = {from.text("reason")}; }
void read(resumed&, const reader&) {}
void read(cancel_asked& to, const reader& from) { to = {from.text("reason")}; }
void read(cancelled&, const reader&) {}
void read(completed&, const reader&) {}
void read(failed& to, const reader& from) { to = {from.text("stepId"), from.code("code")}; }

template <std::size_t... index>
std::optional<event> read_any(std::string_view kind, const json& written,
                              std::index_sequence<index...>) {
    std::optional<event> out;
    const auto one = [&]<std::size_t at>() {
        if (kind != kinds[at]) return;
        std::variant_alternative_t<at, event> made;
        read(made, reader(written));
        out = std::move(made);
    };
    (one.template operator()<index>(), ...);
    return out;
}

}  // namespace

std::string_view to_string(waits_for what) noexcept {
    return waits[static_cast<std::size_t>(what)];
}

std::string_view kind_of(const event& what) noexcept { return kinds[what.index()]; }

std::string step_of(const event& what) {
    return std::visit(
        [](const auto& one) -> std::string {
            if constexpr (requires { one.step_id; })
                return one.step_id;
            else
                return {};
        },
        what);
}

json to_json(const event& what) { return std::visit(writer{}, what); }

std::optional<event> event_of(std::string_view kind, const json& written) {
    if (!written.is_object()) return std::nullopt;
    try {
        return read_any(kind, written, std::make_index_sequence<std::variant_size_v<event>>{});
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace perin::workflow
