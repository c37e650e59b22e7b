#include "domain/intents.hpp"

#include "domain/notification_talk.hpp"
#include "domain/offline/calendar_command.hpp"
#include "domain/offline/link_talk.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

namespace perin {

namespace {

using words = std::span<const std::string>;

template <class Set>
bool among(std::string_view word, const Set& set) {
    return std::find(set.begin(), set.end(), word) != set.end();
}

template <class Set>
bool any_among(words message, const Set& set) {
    return std::any_of(message.begin(), message.end(),
                       [&](const auto& word) { return among(word, set); });
}

/// `phrase` is words with single spaces.
bool phrase_at(words message, std::size_t at, std::string_view phrase) {
    // Nearly every place is told by the first letter.
    if (message[at].front() != phrase.front()) return false;
    for (;;) {
        const auto space = std::min(phrase.find(' '), phrase.size());
        if (at == message.size() || message[at] != phrase.substr(0, space)) return false;
        if (space == phrase.size()) return true;
        phrase.remove_prefix(space + 1);
        ++at;
    }
}

template <class Phrases>
const std::string_view* first_phrase(words message, const Phrases& phrases) {
    for (const auto& phrase : phrases)
        for (std::size_t at = 0; at < message.size(); ++at)
            if (phrase_at(message, at, phrase)) return &phrase;
    return nullptr;
}

constexpr auto appointments = std::to_array<std::string_view>(
    {"meeting", "meetings", "appointment", "appointments", "call", "event", "events", "booking",
     "slot", "invite", "invitation", "lunch", "dinner", "coffee", "interview", "sync", "session",
     "standup"});

constexpr auto moving_verbs = std::to_array<std::string_view>(
    {"cancel", "move", "postpone", "shift", "confirm", "decline", "accept", "delay"});

constexpr auto arranging_verbs =
    std::to_array<std::string_view>({"arrange", "organize", "organise", "plan", "create", "add",
                                     "set", "setup", "put", "send", "make", "invite", "propose"});

/// A verb counts with its appointment only where that comes soon after: `cancel the meeting`.
template <class Verbs>
bool verb_with_appointment(words message, const Verbs& verbs) {
    constexpr std::size_t reach = 5;
    for (std::size_t i = 0; i < message.size(); ++i) {
        if (!among(message[i], verbs)) continue;
        const auto after = message.subspan(i + 1, std::min(reach, message.size() - i - 1));
        if (any_among(after, appointments)) return true;
    }
    return false;
}

/// `book` as a verb: `book a room`, `please book Friday`, not `the book`, `a good book about`.
bool asks_to_book(words message) {
    constexpr auto asks =
        std::to_array<std::string_view>({"please", "to", "you", "and", "then", "lets", "us", "ll",
                                         "can", "could", "should", "i", "we", "just", "now"});
    constexpr auto objects = std::to_array<std::string_view>(
        {"a", "an", "the", "me", "us", "my", "our", "it", "this", "that", "time", "some", "with",
         "for", "something", "slot", "meeting", "appointment"});
    for (std::size_t i = 0; i < message.size(); ++i) {
        if (message[i] == "rebook") return true;
        if (message[i] != "book" || i + 1 == message.size()) continue;
        if (i == 0 && among(message[1], objects)) return true;
        if (i > 0 && among(message[i - 1], asks)) return true;
    }
    return false;
}

constexpr auto scheduling_words = std::to_array<std::string_view>(
    {"schedule", "scheduling", "reschedule", "rescheduling", "rebook"});

constexpr auto reminder_phrases = std::to_array<std::string_view>(
    {"remind me", "set a reminder", "set reminder", "set up a time", "find a time", "find time",
     "find a slot", "block off", "block my", "block time", "on my calendar", "to my calendar",
     "in my calendar", "into my calendar", "meet with", "check availability"});

constexpr auto remember_phrases = std::to_array<std::string_view>(
    {"remember", "note that", "note down", "make a note", "take a note", "take note",
     "keep in mind", "memorize", "memorise", "don t forget", "dont forget", "do not forget",
     "never forget", "save this", "save that", "save a note", "write down", "jot down"});

constexpr auto recall_phrases = std::to_array<std::string_view>(
    {"what do you know", "what you know about me", "do you remember", "what do you remember",
     "what did i tell you", "what have i told you", "what have you remembered", "remember about me",
     "know about me", "my memories", "your memory", "recall", "remind me what", "remind me who",
     "remind me where", "remind me when"});

constexpr auto forget_phrases = std::to_array<std::string_view>(
    {"forget", "delete the memory", "delete my memory", "delete that memory", "remove the memory",
     "erase the memory", "erase my memory", "clear the memory", "clear my memory",
     "delete the note", "delete your note", "delete my note", "delete your notes",
     "delete my notes", "delete what you know", "remove the note", "remove your note",
     "remove my note"});

constexpr auto notification_phrases = std::to_array<std::string_view>(
    {"notifications resolve", "resolve the notification", "resolve notification",
     "resolve my notifications", "dismiss the notification", "approve the", "approve it",
     "refuse the request", "decline the request", "accept the request"});

constexpr auto tool_phrases = std::to_array<std::string_view>(
    {"create solo event", "delegation check availability", "network confirm meeting"});

constexpr auto mail_words = std::to_array<std::string_view>(
    {"mail", "mails", "email", "emails", "inbox", "gmail", "unread", "newsletter"});

constexpr auto calendar_words = std::to_array<std::string_view>(
    {"calendar", "agenda", "schedule", "availability", "busy", "free"});

constexpr auto calendar_phrases = std::to_array<std::string_view>(
    {"my calendar", "my schedule", "my agenda", "am i free", "am i busy", "what s on", "whats on",
     "do i have any meetings", "do i have meetings", "do i have anything", "my meetings",
     "my next meeting", "my appointments", "the calendar"});

constexpr auto negotiate_words =
    std::to_array<std::string_view>({"negotiate", "negotiation", "negotiating", "counter",
                                     "counteroffer", "counterproposal", "compromise", "haggle"});

constexpr auto coordinate_words = std::to_array<std::string_view>(
    {"coordinate", "coordinating", "coordination", "delegate", "delegation", "delegating",
     "everyone", "attendees", "participants"});

constexpr auto greetings = std::to_array<std::string_view>(
    {"hi", "hello", "hey", "hallo", "thanks", "thank", "bye", "goodbye", "morning", "evening",
     "cheers", "joke", "howdy", "welcome"});

constexpr auto question_words = std::to_array<std::string_view>(
    {"what", "who",  "whom", "when", "where", "why", "which", "how",   "is",     "are",
     "was",  "were", "do",   "does", "did",   "can", "could", "would", "should", "will"});

bool forgets(words message) {
    // `Don't forget the milk` asks for the opposite, `forget it` for nothing.
    const auto* kept =
        first_phrase(message, std::to_array<std::string_view>({"don t forget", "dont forget",
                                                               "do not forget", "never forget"}));
    if (kept != nullptr) return false;
    if (message.size() <= 3 && !message.empty() && phrase_at(message, 0, "forget it")) return false;
    return first_phrase(message, forget_phrases) != nullptr;
}

bool schedules(words message) {
    return any_among(message, scheduling_words) || asks_to_book(message) ||
           verb_with_appointment(message, arranging_verbs) ||
           first_phrase(message, reminder_phrases) != nullptr ||
           first_phrase(message, tool_phrases) != nullptr;
}

/// `schedule` as a thing one looks at, not as something to do.
bool looks_at_calendar(words message) {
    return first_phrase(message, calendar_phrases) != nullptr && !asks_to_book(message) &&
           !verb_with_appointment(message, arranging_verbs) && !among("reschedule", message) &&
           (message.empty() || message[0] != "schedule");
}

bool actionable(words message) {
    return schedules(message) || verb_with_appointment(message, moving_verbs) ||
           first_phrase(message, remember_phrases) != nullptr || forgets(message) ||
           first_phrase(message, recall_phrases) != nullptr ||
           first_phrase(message, notification_phrases) != nullptr;
}

struct integration_keywords {
    std::string_view type;
    std::span<const std::string_view> keywords;
};

constexpr auto gmail_keywords = mail_words;
constexpr auto calendar_keywords = std::to_array<std::string_view>(
    {"calendar", "agenda", "schedule", "scheduling", "reschedule", "meeting", "meetings",
     "appointment", "appointments", "event", "events", "availability"});
constexpr auto slack_keywords = std::to_array<std::string_view>({"slack"});
constexpr auto notion_keywords = std::to_array<std::string_view>({"notion"});
constexpr auto github_keywords =
    std::to_array<std::string_view>({"github", "repo", "repository", "repositories"});
constexpr auto discord_keywords = std::to_array<std::string_view>({"discord"});
constexpr auto zoom_keywords = std::to_array<std::string_view>({"zoom"});
constexpr auto teams_keywords = std::to_array<std::string_view>({"teams"});

constexpr auto registry = std::to_array<integration_keywords>({
    {"gmail", gmail_keywords},
    {"calendar", calendar_keywords},
    {"slack", slack_keywords},
    {"notion", notion_keywords},
    {"github", github_keywords},
    {"discord", discord_keywords},
    {"zoom", zoom_keywords},
    {"teams", teams_keywords},
});

std::vector<std::string> integrations_of(words message) {
    std::vector<std::string> types;
    for (const auto& [type, keywords] : registry)
        if (any_among(message, keywords)) types.emplace_back(type);
    return types;
}

bool asks(words message, std::string_view text) {
    return text.find('?') != std::string_view::npos ||
           (!message.empty() && among(message[0], question_words));
}

intent named(std::string name, double confidence,
             std::optional<std::string> specialization = std::nullopt) {
    return {.name = std::move(name),
            .confidence = confidence,
            .specialization = std::move(specialization)};
}

/// What a message asks of the calendar in so many words.
std::optional<offline::calendar_act> calendar_act_of(std::string_view text) {
    // Nobody asks for a meeting at such length.
    constexpr std::size_t longest = 1'000;
    if (text.size() > longest) return std::nullopt;
    const auto command = offline::read_calendar_command(offline::read_utterance(text, "perin"));
    if (!command) return std::nullopt;
    return command->act;
}

intent calendar_intent(offline::calendar_act act) {
    constexpr double confidence = 0.75;
    switch (act) {
        case offline::calendar_act::find:
        case offline::calendar_act::list:
            return named("check_calendar", confidence, "scheduling");
        case offline::calendar_act::cancel:
            return named("cancel_meeting", confidence, "scheduling");
        case offline::calendar_act::create:
        case offline::calendar_act::move:
            break;
    }
    return named("schedule_meeting", confidence, "scheduling");
}

/// The more particular intents come first: `remind me what I said` is no reminder.
intent best_guess(words message, std::string_view text) {
    if (message.empty()) return named("general", 0.3);
    if (forgets(message)) return named("forget", 0.9, "memory");
    if (first_phrase(message, recall_phrases) != nullptr) return named("recall", 0.85, "memory");
    if (first_phrase(message, remember_phrases) != nullptr) return named("remember", 0.9, "memory");
    if (any_among(message, negotiate_words)) return named("negotiate", 0.8, "negotiation");
    constexpr auto cancel = std::to_array<std::string_view>({"cancel"});
    if (verb_with_appointment(message, cancel)) return named("cancel_meeting", 0.85, "scheduling");
    if (looks_at_calendar(message)) return named("check_calendar", 0.8, "scheduling");
    if (schedules(message) || verb_with_appointment(message, moving_verbs)) {
        // With its object beside it the verb leaves little doubt.
        return named("schedule_meeting", any_among(message, appointments) ? 0.9 : 0.75,
                     "scheduling");
    }
    if (const auto act = calendar_act_of(text)) return calendar_intent(*act);
    if (any_among(message, coordinate_words)) return named("coordinate", 0.7, "coordination");
    if (any_among(message, mail_words)) return named("read_mail", 0.75);
    if (any_among(message, calendar_words) && any_among(message, appointments))
        return named("check_calendar", 0.65, "scheduling");
    if (any_among(message, greetings) && message.size() <= 8) return named("small_talk", 0.8);
    if (asks(message, text)) return named("question", 0.6);
    return named("general", 0.5);
}

/// `a`, `a and b`, `a, b and c`.
std::string joined(std::span<const std::string> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
        out += names[i];
    }
    return out;
}

/// What a pasted page is pasted for stands before or after it, so of a long message only its two
/// ends are looked at: a turn does not wait for the rest.
std::vector<std::string> words_looked_at(std::string_view message) {
    constexpr std::size_t head = 6'000;
    constexpr std::size_t tail = 2'000;
    if (message.size() <= head + tail) return terms(message);
    auto list = terms(message.substr(0, head));
    std::ranges::move(terms(message.substr(message.size() - tail)), std::back_inserter(list));
    return list;
}

/// A question, or a list to choose from, in what was said last.
bool asks_back(std::string_view answer) {
    constexpr std::size_t looked_at = 2'000;
    if (answer.size() > looked_at) answer.remove_prefix(answer.size() - looked_at);
    return answer.find('?') != std::string_view::npos ||
           answer.find("\n1. ") != std::string_view::npos;
}

constexpr auto specializations =
    std::to_array<std::string_view>({"negotiation", "scheduling", "memory", "coordination"});

}  // namespace

const char* to_string(execution_mode mode) noexcept {
    switch (mode) {
        case execution_mode::direct:
            return "direct";
        case execution_mode::tools:
            return "tools";
        case execution_mode::multi_step:
            return "multi_step";
    }
    return "direct";
}

intent classify(std::string_view message) {
    const auto list = words_looked_at(message);
    auto found = best_guess(list, message);
    found.integrations = integrations_of(list);
    found.actionable = actionable(list) || calendar_act_of(message).has_value();
    return found;
}

std::vector<std::string> classification_steps(const intent& found, std::string_view message) {
    const auto count = terms(message).size();
    std::vector<std::string> steps;
    steps.push_back("Looking at " + std::to_string(count) + (count == 1 ? " word." : " words."));
    const auto percent = std::lround(found.confidence * 100.0);
    steps.push_back("The message reads as " + found.name + ", with a confidence of " +
                    std::to_string(percent) + " %.");
    steps.push_back(found.specialization ? "The specialization is " + *found.specialization + "."
                                         : "No specialization is needed.");
    steps.push_back(found.integrations.empty() ? "No integration is concerned."
                                               : "It concerns " + joined(found.integrations) + ".");
    steps.emplace_back(found.actionable ? "It asks for something to be done."
                                        : "It can be answered without doing anything.");
    return steps;
}

bool is_actionable(std::string_view message) {
    return actionable(words_looked_at(message)) || calendar_act_of(message).has_value() ||
           offline::asks_for_link(offline::read_utterance(message, ""));
}

bool answers_request(std::span<const chat_message> history, std::string_view message) {
    constexpr std::size_t longest = 300;
    constexpr std::size_t most_steps = 8;
    const auto said = terms(message.substr(0, longest));
    if (message.size() > longest || said.empty()) return false;
    constexpr auto small_talk = std::to_array<std::string_view>(
        {"hi", "hello", "hey", "thanks", "thank", "bye", "goodbye", "cheers"});
    if (said.size() <= 3 && any_among(said, small_talk)) return false;
    constexpr auto going_on = std::to_array<std::string_view>({"what about", "how about", "and"});
    bool follows = std::any_of(going_on.begin(), going_on.end(),
                               [&](std::string_view begin) { return phrase_at(said, 0, begin); });
    std::size_t steps = 0;
    for (auto i = history.size(); i-- > 0 && steps < most_steps;) {
        const auto& one = history[i];
        if (one.role == chat_role::assistant) {
            follows = follows || asks_back(one.content);
        } else if (one.role == chat_role::user) {
            if (!follows) return false;
            if (is_actionable(one.content)) return true;
            if (one.content.size() > longest) return false;
            follows = false;
            ++steps;
        }
    }
    return false;
}

execution_mode decide_mode(std::string_view message, std::optional<std::string_view> specialization,
                           bool delegation) {
    if (delegation || specialization == "scheduling" || is_actionable(message))
        return execution_mode::tools;
    return execution_mode::direct;
}

std::optional<execution_mode> mode_known_at_start(std::string_view message,
                                                  std::span<const chat_message> history,
                                                  std::optional<std::string_view> specialization,
                                                  bool delegation) {
    const auto mode = decide_mode(message, specialization, delegation);
    if (mode != execution_mode::direct) return mode;
    if (answers_request(history, message)) return execution_mode::tools;
    if (may_decide(message, history)) return std::nullopt;
    return mode;
}

bool is_specialization(std::string_view name) { return among(name, specializations); }

}  // namespace perin
