#include "domain/offline_assistant.hpp"

#include "domain/json.hpp"
#include "domain/multi_step_analysis.hpp"
#include "domain/offline/guest_talk.hpp"
#include "domain/offline/intent_row.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace perin {

namespace {

using namespace offline;

/// Tried from the top; the last row takes whatever is left.
constexpr std::array rows{
    intent_row{.name = "decision",
               .tool = "notifications_resolve",
               .match = match_decision,
               .intend = intend_decision,
               .tell = tell_decision,
               .activity = "settle notifications"},
    intent_row{.name = "link",
               .tool = "delegation_create_link",
               .match = match_link,
               .intend = intend_link,
               .tell = tell_link,
               .activity = "make links"},
    intent_row{.name = "calendar follow-up",
               .match = match_calendar_follow_up,
               .answer = answer_calendar,
               .intend = intend_calendar,
               .activity = "use your calendar"},
    intent_row{.name = "about me", .match = match_about_me, .answer = answer_about_me},
    intent_row{.name = "date follow-up", .match = match_date_follow_up, .answer = answer_date},
    intent_row{.name = "small talk", .match = match_small_talk, .answer = answer_small_talk},
    intent_row{.name = "remember",
               .tool = "memory_remember",
               .match = match_remember,
               .intend = intend_remember,
               .tell = tell_remember,
               .activity = "keep notes"},
    intent_row{.name = "forget",
               .tool = "memory_forget",
               .match = match_forget,
               .intend = intend_forget,
               .tell = tell_forget,
               .activity = "delete notes"},
    intent_row{
        .name = "notifications", .match = match_notifications, .answer = answer_notifications},
    intent_row{.name = "calendar",
               .match = match_calendar,
               .answer = answer_calendar,
               .intend = intend_calendar,
               .activity = "use your calendar"},
    intent_row{.name = "sum", .match = match_sum, .answer = answer_sum},
    intent_row{.name = "date", .match = match_date, .answer = answer_date},
    intent_row{.name = "recall", .match = match_recall, .answer = answer_recall},
    intent_row{.name = "bare date", .match = match_bare_date, .answer = answer_date},
    intent_row{.name = "statement", .match = match_statement, .answer = answer_statement},
    intent_row{.name = "anything", .match = match_anything, .answer = answer_not_understood},
};

struct understanding {
    const intent_row* row = nullptr;
    reading what;
};

understanding understood(const question& asked) {
    for (const auto& row : rows)
        if (auto what = row.match(asked)) return {&row, std::move(*what)};
    return {&rows.back(), {}};
}

/// The tool that is needed; empty where none is.
std::string_view tool_of(const intent_row& row, const reading& what) {
    return what.tool.empty() ? row.tool : what.tool;
}

question question_of(const model_request& request, std::size_t last_user) {
    constexpr std::size_t most_earlier = 8;
    const auto& messages = request.messages;
    question asked{.context = request.context,
                   .said = read_utterance(messages[last_user].content, request.context.perin_name),
                   .text = messages[last_user].content};
    std::string_view answer;
    for (std::size_t i = last_user; i-- > 0;) {
        const auto& message = messages[i];
        if (message.role == chat_role::assistant) {
            asked.first = false;
            if (answer.empty()) answer = message.content;
        }
        if (message.role == chat_role::user && asked.earlier.size() < most_earlier) {
            asked.earlier.emplace_back(message.content);
            asked.before.push_back({message.content, std::exchange(answer, {})});
        }
    }
    return asked;
}

/// A number above those of all `call_<n>` in the messages.
std::uint32_t next_call_number(std::span<const chat_message> messages) {
    constexpr std::string_view prefix = "call_";
    constexpr std::size_t most_digits = 8;
    std::uint32_t highest = 0;
    const auto see = [&](std::string_view id) {
        if (!id.starts_with(prefix)) return;
        id.remove_prefix(prefix.size());
        if (id.empty() || id.size() > most_digits ||
            id.find_first_not_of("0123456789") != std::string_view::npos)
            return;
        std::uint32_t number = 0;
        for (const char c : id) number = number * 10 + static_cast<std::uint32_t>(c - '0');
        highest = std::max(highest, number);
    };
    for (const auto& message : messages) {
        see(message.tool_call_id);
        for (const auto& call : message.tool_calls) see(call.id);
    }
    return highest + 1;
}

/// Without the arguments that the tool's schema does not name.
nlohmann::json fitting(nlohmann::json arguments, const nlohmann::json& schema) {
    if (!schema.is_object() || !schema.contains("properties")) return arguments;
    const auto& known = schema["properties"];
    if (!known.is_object()) return arguments;
    for (auto one = arguments.begin(); one != arguments.end();)
        one = known.contains(one.key()) ? std::next(one) : arguments.erase(one);
    return arguments;
}

std::string json_text(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What a message comes to: a call, or words where `tool` is empty or the call cannot be one yet.
struct next_step {
    std::string_view tool = {};
    std::optional<nlohmann::json> arguments = {};
    std::string text = {};
    /// What the tool is needed for, in the infinitive.
    std::string_view activity = {};
};

next_step step_of(const question& asked) {
    if (asked.context.link) {
        auto step = guest_step_of(asked);
        if (step.tool.empty()) return {.text = std::move(step.text)};
        return {
            .tool = step.tool, .arguments = std::move(step.arguments), .activity = step.activity};
    }
    const auto [row, what] = understood(asked);
    const auto tool = tool_of(*row, what);
    if (tool.empty()) return {.text = row->answer(what, asked)};
    auto intended = row->intend(what, asked);
    return {.tool = tool,
            .arguments = std::move(intended.arguments),
            .text = std::move(intended.instead),
            .activity = row->activity};
}

model_reply planned(const model_request& request, const question& asked) {
    model_reply reply;
    auto step = step_of(asked);
    const auto tool = std::find_if(request.tools.begin(), request.tools.end(),
                                   [&](const auto& one) { return one.name == step.tool; });
    if (tool == request.tools.end() || !step.arguments) return reply;
    reply.finish = model_finish::tool_calls;
    reply.tool_calls.push_back(
        {.id = "call_" + std::to_string(next_call_number(request.messages)),
         .name = std::string(step.tool),
         .arguments = json_text(fitting(std::move(*step.arguments), tool->parameters))});
    return reply;
}

tool_outcome outcome_of(const tool_call& call, std::span<const chat_message> later) {
    tool_outcome outcome{.tool = call.name};
    if (auto arguments = parse_json(call.arguments)) outcome.arguments = std::move(*arguments);
    const auto answer = std::find_if(later.begin(), later.end(), [&](const auto& message) {
        return message.role == chat_role::tool && message.tool_call_id == call.id;
    });
    if (answer == later.end()) {
        outcome.error_code = "missing";
        return outcome;
    }
    auto content = parse_json(answer->content);
    if (!content) {
        outcome.error_code = "unreadable";
        return outcome;
    }
    if (!content->is_object() || !content->contains("error") || (*content)["error"].is_null()) {
        outcome.result = std::move(*content);
        return outcome;
    }
    const auto& error = (*content)["error"];
    const auto text = [&](const char* name) {
        return error.is_object() && error.contains(name) && error[name].is_string()
                   ? error[name].get<std::string>()
                   : std::string();
    };
    outcome.error_code = text("code").empty() ? "unknown" : text("code");
    outcome.error_message = text("message");
    return outcome;
}

/// `memory_forget` as one reads it: "memory forget".
std::string readable(std::string_view tool) {
    std::string words(tool.substr(0, 60));
    std::replace(words.begin(), words.end(), '_', ' ');
    return in_quotes(words);
}

bool is_awaited(const tool_outcome& outcome) {
    if (!outcome.result || !outcome.result->is_object()) return false;
    const auto status = outcome.result->find("status");
    return status != outcome.result->end() && *status == "awaiting_approval";
}

std::string told(const tool_outcome& outcome) {
    if (is_awaited(outcome)) return tell_awaited(outcome);
    if (is_calendar_tool(outcome.tool))
        if (auto text = tell_calendar(outcome); !text.empty()) return text;
    if (outcome.tool == "notifications_resolve")
        if (auto text = tell_decision(outcome); !text.empty()) return text;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& one) {
        return !one.tool.empty() && one.tool == outcome.tool;
    });
    if (outcome.result)
        return row != rows.end() && row->tool != "notifications_resolve"
                   ? row->tell(outcome)
                   : "The step " + readable(outcome.tool) + " was carried out.";
    const auto& code = outcome.error_code;
    if (is_any(code, {"missing", "unreadable", "timed_out", "upstream_timeout", "timeout"}))
        return "I got no clear answer for the step " + readable(outcome.tool) +
               ", so I cannot say whether it was done.";
    if (code == "not_found" && outcome.tool == "memory_forget")
        return "I had no such note, so there was nothing to forget.";
    const auto why = trimmed(outcome.error_message, ".");
    return "That did not work: the step " + readable(outcome.tool) + " failed" +
           (why.empty() ? "." : " (" + std::string(why.substr(0, 300)) + ").");
}

/// What became of the calls of this turn; empty where there were none.
std::string told_outcomes(const question& asked, std::span<const chat_message> turn) {
    std::string text;
    for (std::size_t i = 0; i < turn.size(); ++i)
        for (const auto& call : turn[i].tool_calls) {
            if (!text.empty()) text += "\n";
            auto outcome = outcome_of(call, turn.subspan(i + 1));
            outcome.said = asked.text;
            text += asked.context.link ? tell_guest(outcome, asked) : told(outcome);
        }
    return text;
}

std::string answered(const question& asked) {
    auto step = step_of(asked);
    if (step.tool.empty() || !step.arguments) return std::move(step.text);
    return "I cannot " + std::string(step.activity) + " here, so nothing was changed.";
}

/// By the rules, as JSON of the form that was asked for.
std::string analysed(std::span<const chat_message> history, std::string_view message) {
    return json_text(to_json(analysis_by_rules(history, message)));
}

}  // namespace

model_reply offline_reply(const model_request& request) {
    const auto& messages = request.messages;
    const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) {
        return message.role == chat_role::user;
    });
    model_reply reply;
    const bool planning = !request.tools.empty();
    if (last == messages.rend()) {
        if (!planning) reply.text = introduction(request.context) + " " + abilities();
        return reply;
    }
    const auto last_user = static_cast<std::size_t>(messages.rend() - last) - 1;
    if (request.response && request.response->name == analysis_format().name) {
        reply.text = analysed(std::span(messages).first(last_user), last->content);
        return reply;
    }
    const auto turn = std::span(messages).subspan(last_user + 1);
    const bool called = std::any_of(turn.begin(), turn.end(), [](const auto& message) {
        return message.role == chat_role::tool || !message.tool_calls.empty();
    });
    if (planning && called) return reply;
    const auto asked = question_of(request, last_user);
    if (planning) return planned(request, asked);
    reply.text = told_outcomes(asked, turn);
    if (reply.text.empty()) reply.text = answered(asked);
    return reply;
}

std::vector<std::string> offline_deltas(const std::string& text) {
    constexpr std::size_t most = 64;
    const auto continues = [&](std::size_t i) {
        return (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
    };
    const auto is_space = [&](std::size_t i) { return text[i] == ' ' || text[i] == '\n'; };
    std::vector<std::string> pieces;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && !is_space(end) && end - begin < most) ++end;
        while (end < text.size() && is_space(end) && end - begin < most) ++end;
        // Back to the beginning of a character; stray continuation bytes are cut anywhere.
        std::size_t cut = end;
        while (cut < text.size() && cut > begin && end - cut < 4 && continues(cut)) --cut;
        if (cut > begin && (cut == text.size() || !continues(cut))) end = cut;
        pieces.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

}  // namespace perin
