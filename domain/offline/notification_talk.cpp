#include "domain/notification_talk.hpp"

#include "domain/offline/intent_row.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>

namespace perin::offline {

namespace {

using nlohmann::json;

std::string text_of(const json& from, const char* name) {
    if (!from.is_object()) return {};
    const auto found = from.find(name);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "approve or refuse".
std::string choices(const std::vector<std::string>& actions) {
    std::string text;
    for (std::size_t i = 0; i < actions.size() && i < 8; ++i) {
        if (i > 0) text += i + 1 == actions.size() ? " or " : ", ";
        text += in_quotes(actions[i]);
    }
    return text;
}

std::string listed(const std::vector<open_notification>& all) {
    constexpr std::size_t most = 20;
    std::string text;
    for (std::size_t i = 0; i < all.size() && i < most; ++i) {
        text += "\n- " + in_quotes(all[i].title);
        if (!all[i].actions.empty()) text += ": say " + choices(all[i].actions);
    }
    if (all.size() > most) text += "\nThere are more.";
    return text;
}

constexpr auto whole_questions = std::to_array<std::string_view>({"notifications",
                                                                  "approvals",
                                                                  "pending approvals",
                                                                  "open approvals",
                                                                  "what needs my approval",
                                                                  "what is waiting",
                                                                  "what is waiting for me",
                                                                  "what is waiting for my approval",
                                                                  "what waits for me",
                                                                  "what do you need from me",
                                                                  "what do you need me to approve",
                                                                  "anything to approve",
                                                                  "is there anything to approve",
                                                                  "is anything waiting for me",
                                                                  "what should i approve",
                                                                  "what must i decide",
                                                                  "what is pending",
                                                                  "what do i have to approve",
                                                                  "anything waiting for me",
                                                                  "do you need anything from me"});

constexpr auto question_beginnings =
    std::to_array<std::string_view>({"what notifications",
                                     "what approvals",
                                     "which notifications",
                                     "which approvals",
                                     "any notifications",
                                     "any new notifications",
                                     "any approvals",
                                     "any open ",
                                     "do i have any notifications",
                                     "do i have any new notifications",
                                     "do i have notifications",
                                     "do i have new notifications",
                                     "do i have any approvals",
                                     "are there any notifications",
                                     "are there any approvals",
                                     "are there notifications",
                                     "my notifications",
                                     "my approvals",
                                     "show me my notifications",
                                     "show my notifications",
                                     "show notifications",
                                     "show me the notifications",
                                     "show the notifications",
                                     "show me notifications",
                                     "list my notifications",
                                     "list notifications",
                                     "list the notifications",
                                     "list all notifications",
                                     "open notifications",
                                     "new notifications",
                                     "what are my notifications",
                                     "what open notifications",
                                     "check my notifications",
                                     "read my notifications",
                                     "show my approvals",
                                     "show me my approvals"});

bool asks_for_all(std::string_view lower) {
    if (std::find(whole_questions.begin(), whole_questions.end(), lower) != whole_questions.end())
        return true;
    constexpr std::size_t longest_rest = 40;
    return std::any_of(question_beginnings.begin(), question_beginnings.end(), [&](auto begin) {
        return lower.starts_with(begin) && lower.size() - begin.size() < longest_rest;
    });
}

/// A yes or a no to nothing that was asked, while something is open here that it could be taken
/// for.
bool is_unclear(const question& asked) {
    const auto& open = asked.context.notifications;
    if (std::ranges::all_of(open, &open_notification::elsewhere)) return false;
    if (asked.said.asks || !is_mere_decision(asked.said.plain)) return false;
    return !match_calendar_follow_up(asked);
}

/// A decision that says of what only where there is one thing.
bool decides_something(std::string_view lower) {
    return is_any(lower, {"approve", "approve it", "approve that", "approve this", "i approve",
                          "i approve it", "refuse", "refuse it", "refuse that", "i refuse",
                          "no, refuse", "no, refuse it", "reject it", "decline it", "deny it",
                          "yes, approve", "yes, approve it", "approved", "refused"});
}

}  // namespace

std::optional<reading> match_decision(const question& asked) {
    const auto& answered = asked.context.answered;
    if (!answered && is_unclear(asked)) return reading{.subject = "which"};
    if (!answered) return std::nullopt;
    return reading{.tool = "notifications_resolve",
                   .arguments = {{"notificationId", answered->id}, {"action", answered->action}}};
}

std::optional<reading> match_notifications(const question& asked) {
    const std::string_view lower = asked.said.lower;
    if (lower.size() > 120) return std::nullopt;
    if (decides_something(lower)) return reading{.subject = "which"};
    if (asks_for_all(lower)) return reading{.subject = "all"};
    return std::nullopt;
}

std::string answer_notifications(const reading& what, const question& asked) {
    const auto& all = asked.context.notifications;
    if (all.empty())
        return what.subject == "which" ? "Nothing waits for your decision."
                                       : "You have no open notifications.";
    // To this a mere yes or no is an answer.
    if (what.subject == "which" && all.size() == 1)
        return "One thing waits for your decision:" + listed(all);
    if (what.subject == "which")
        return "Which one do you mean? Name it, please. These are open:" + listed(all);
    return (all.size() == 1 ? "One notification is open:"
                            : std::to_string(all.size()) + " notifications are open:") +
           listed(all);
}

plan intend_decision(const reading& what, const question& asked) {
    if (what.subject == "which") return {.instead = answer_notifications(what, asked)};
    return {.arguments = what.arguments};
}

std::string tell_decision(const tool_outcome& outcome) {
    const auto action = text_of(outcome.arguments, "action");
    if (!outcome.result) {
        const auto& code = outcome.error_code;
        if (code == "conflict") return "That was decided before, so nothing was changed.";
        if (code == "gone") return "That has expired, so nothing was done.";
        if (code == "not_found") return "I found no such notification.";
        if (code == "forbidden") return "That only you can decide: say so in your own words.";
        return "";
    }
    const auto& result = *outcome.result;
    if (text_of(result, "status") != "resolved") return "";
    const auto told = result.find("notification");
    const auto title = told == result.end() ? std::string() : text_of(*told, "title");
    const std::string of = title.empty() ? "" : ": " + in_quotes(title);
    if (told != result.end() && text_of(*told, "type") == tool_approval) {
        if (action == "approve")
            return "You have approved it" + of + ". I shall tell you here what came of it.";
        return "You have refused it" + of + ". It will not be done.";
    }
    return "That is settled" + of + (action.empty() ? "" : ", with " + in_quotes(action)) + ".";
}

std::string tell_awaited(const tool_outcome& outcome) {
    const auto title = text_of(*outcome.result, "title");
    return "This needs your approval first" + (title.empty() ? "" : ": " + in_quotes(title)) +
           ". Say \xE2\x80\x9C"
           "approve\xE2\x80\x9D or \xE2\x80\x9Crefuse\xE2\x80\x9D. Nothing has been done yet.";
}

}  // namespace perin::offline
