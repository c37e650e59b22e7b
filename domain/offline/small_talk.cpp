#include "domain/offline/intent_row.hpp"

namespace perin::offline {

namespace {

/// A short message: longer ones are more than small talk.
constexpr std::size_t short_message = 60;

std::string_view kind_of(const utterance& said) {
    const std::string_view lower = said.lower;
    if (lower.empty()) return said.greets ? "hello" : "";
    if (lower.size() > short_message) return "";
    if (is_any(lower, {"hello", "hi", "hey"})) return "hello";
    if (is_any(lower, {"thanks", "thank you", "thx", "cheers", "much appreciated"}) ||
        after_any(lower, {"thanks ", "thanks,", "thank you ", "thank you,", "many thanks"}))
        return "thanks";
    if (is_any(lower, {"how are you", "how are you doing", "how are you today", "how is it going",
                       "how do you do", "are you well", "how are things", "what is up"}))
        return "how are you";
    if (is_any(lower,
               {"bye", "goodbye", "good bye", "bye bye", "see you", "see you later", "see you soon",
                "see you tomorrow", "good night", "farewell", "take care", "talk to you later"}))
        return "bye";
    if (is_any(lower, {"sorry", "i am sorry", "i'm sorry", "my apologies"})) return "sorry";
    if (is_any(lower, {"ok",         "okay",      "yes",       "no",        "great",   "cool",
                       "nice",       "good",      "fine",      "all right", "alright", "perfect",
                       "wonderful",  "sure",      "yep",       "nope",      "got it",  "i see",
                       "never mind", "nevermind", "well done", "great job"}))
        return "noted";
    return "";
}

std::string greeting(const assistant_context& context) {
    return context.user_name.empty() ? "Hello!" : "Hello, " + context.user_name + "!";
}

}  // namespace

std::string introduction(const assistant_context& context) {
    return "I am " + context.perin_name +
           ", answering as the built-in offline assistant: I follow simple rules, and no language "
           "model is involved.";
}

std::string abilities() {
    return "I can keep, find and forget notes (\xE2\x80\x9Cremember that my sister is "
           "Anna\xE2\x80\x9D), look after your calendar (\xE2\x80\x9C"
           "book lunch with Anna tomorrow at noon\xE2\x80\x9D, \xE2\x80\x9Cwhen am I free on "
           "Friday?\xE2\x80\x9D), tell dates and times (\xE2\x80\x9Cwhat day is the "
           "3rd?\xE2\x80\x9D) and do sums (\xE2\x80\x9C"
           "12*7+1\xE2\x80\x9D).";
}

std::optional<reading> match_small_talk(const question& asked) {
    const auto kind = kind_of(asked.said);
    if (kind.empty()) return std::nullopt;
    return reading{.subject = std::string(kind)};
}

std::string answer_small_talk(const reading& what, const question& asked) {
    std::string answer;
    if (what.subject == "hello")
        answer = greeting(asked.context) + (asked.first ? "" : " What can I do for you?");
    else if (what.subject == "thanks")
        answer = "You are welcome!";
    else if (what.subject == "how are you")
        answer = "All is in order here, thank you for asking.";
    else if (what.subject == "bye")
        answer = asked.context.user_name.empty() ? "Goodbye!"
                                                 : "Goodbye, " + asked.context.user_name + "!";
    else if (what.subject == "sorry")
        answer = "No harm done.";
    else
        answer = "All right.";
    if (asked.first) answer += " " + introduction(asked.context) + " " + abilities();
    return answer;
}

std::optional<reading> match_about_me(const question& asked) {
    const std::string_view lower = asked.said.lower;
    if (is_any(lower,
               {"help", "help me", "what can you do", "what can you do for me", "what do you do",
                "how can you help", "how can you help me", "what are you able to do",
                "what can i ask", "what can i ask you", "how does this work", "commands"}))
        return reading{.subject = "help"};
    const auto rest = after_any(lower, {"who are ", "what are ", "are "});
    if (rest && rest->starts_with("you") &&
        is_any(*rest, {"you", "you exactly", "you really", "you a bot", "you a robot",
                       "you a human", "you human", "you a person", "you an ai", "you ai",
                       "you a language model", "you an llm", "you a model", "you chatgpt",
                       "you real", "you a machine", "you offline", "you online"}))
        return reading{.subject = "who"};
    if (is_any(lower, {"introduce yourself", "what is your name", "who am i talking to",
                       "what model are you", "which model are you", "what model do you use",
                       "which model do you use", "who is this"}))
        return reading{.subject = "who"};
    return std::nullopt;
}

std::string answer_about_me(const reading&, const question& asked) {
    return introduction(asked.context) + " " + abilities();
}

std::optional<reading> match_anything(const question&) { return reading{}; }

std::string answer_not_understood(const reading&, const question& asked) {
    return "I am afraid I do not understand that. " + introduction(asked.context) + " " +
           abilities();
}

}  // namespace perin::offline
