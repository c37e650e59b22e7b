#include "domain/offline/intent_row.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>

namespace perin::offline {

namespace {

/// What a memory entry holds at most (`memory_entry::content`), in characters.
constexpr std::size_t longest_content = 100'000;
constexpr std::size_t longest_subject = 400;
constexpr std::size_t longest_key = 60;
constexpr std::size_t most_listed = 10;

constexpr std::string_view example =
    "for example: \xE2\x80\x9Cremember that my sister is Anna\xE2\x80\x9D.";

/// The first words of `text` that say something, in lower case, at most `longest_key` bytes.
std::string telling_words(std::string_view text, std::size_t most) {
    std::string key;
    std::size_t taken = 0;
    for (const auto& term : terms(text.substr(0, valid_utf8_length(text.substr(0, 1'000))))) {
        if (is_stop_word(term) || is_any(term, {"m", "s", "my", "i", "am", "is"})) continue;
        if (key.size() + 1 + term.size() > longest_key) break;
        key += (key.empty() ? "" : " ") + term;
        if (++taken == most) break;
    }
    return key;
}

/// Cuts what says only whose or which it is.
std::string_view without_article(std::string_view lower) {
    lower = trimmed(lower, "\"'.,:;!?");
    for (int round = 0; round < 2; ++round)
        if (const auto rest = after_any(lower, {"that ", "my ", "our ", "the ", "a ", "an "}))
            lower = trimmed(*rest);
    return lower;
}

/// Where "is", "are", "was" or the like begins in a short sentence, and how long it is.
std::optional<std::pair<std::size_t, std::size_t>> verb_in(std::string_view lower) {
    std::optional<std::pair<std::size_t, std::size_t>> first;
    const auto start = lower.substr(0, longest_subject);
    for (const std::string_view verb :
         {" is called ", " is ", " are ", " was ", " were ", " = ", ": "})
        if (const auto at = start.find(verb);
            at != std::string_view::npos && (!first || at < first->first))
            first = {at, verb.size()};
    return first;
}

bool fits_key(std::string_view words) {
    return !words.empty() && words.size() <= longest_key &&
           std::count(words.begin(), words.end(), ' ') < 5;
}

/// A short key of a note: "sister" of "my sister is Anna" and of "Anna is my sister".
std::string key_of(std::string_view content) {
    const std::string text = lower_case(content.substr(0, 2 * longest_subject));
    const std::string_view lower = trimmed(text, ".,;!?\"");
    if (after_any(lower, {"i live ", "i'm living ", "i am living "})) return "home";
    if (after_any(lower, {"i work ", "i'm working ", "i am working "})) return "work";
    if (after_any(lower, {"call me ", "i'm called ", "i am called "})) return "name";
    if (const auto verb = verb_in(lower)) {
        const auto before = trimmed(lower.substr(0, verb->first));
        const auto after = trimmed(lower.substr(verb->first + verb->second));
        if (const auto mine = after_any(after, {"my ", "our "}); mine && !before.starts_with("my "))
            if (fits_key(without_article(*mine))) return std::string(without_article(*mine));
        const auto subject = without_article(before);
        if (fits_key(subject) && !is_any(subject, {"it", "this", "he", "she", "they", "there"}))
            return std::string(subject);
    }
    if (auto key = telling_words(lower, 4); !key.empty()) return key;
    // Nothing but short words or signs: the beginning itself.
    const std::string valid = repaired_utf8(lower.substr(0, longest_key));
    return std::string(trimmed(utf8_prefix(valid, 20)));
}

/// The entry's type where the words give it away.
std::string_view type_of(std::string_view content) {
    const std::string lower = lower_case(content.substr(0, longest_subject));
    for (const std::string_view sign : {"favourite", "favorite", "i like", "i love", "i prefer",
                                        "i hate", "i do not like", "i don't like", "allergic"})
        if (lower.find(sign) != std::string::npos) return "preference";
    if (lower.starts_with("to ")) return "task";
    return {};
}

/// What stands before a final "remember it"; nothing where there is none.
std::optional<std::string_view> before_request(std::string_view lower) {
    for (const std::string_view request :
         {"remember it", "remember that", "remember this", "note it", "note that", "note it down",
          "keep that in mind", "keep it in mind", "do not forget it", "don't forget it",
          "do not forget that", "don't forget that"}) {
        if (!lower.ends_with(request)) continue;
        auto before = lower.substr(0, lower.size() - request.size());
        bool parted = false;
        for (bool more = true; more;) {
            before = trimmed(before);
            more = false;
            for (const std::string_view joint : {",", ".", ";", "!", "-", " and", " please"})
                if (before.ends_with(joint)) {
                    before.remove_suffix(joint.size());
                    parted = more = true;
                }
        }
        if (parted && !before.empty()) return before;
    }
    return std::nullopt;
}

bool is_statement(const utterance& said) {
    return !said.asks && said.lower.find(' ') != std::string::npos &&
           !after_any(said.lower, {"what ", "who ", "when ", "where ", "how ", "forget ",
                                   "remember ", "thank"});
}

/// What an earlier message asked to be kept.
std::optional<std::string> kept_in(const question& asked, std::string_view earlier) {
    const question before{
        .context = asked.context,
        .said = read_utterance(earlier, asked.context.perin_name),
    };
    const auto kept = match_remember(before);
    if (!kept || kept->content.empty()) return std::nullopt;
    return kept->content;
}

std::string listed(const std::vector<const memory_entry*>& entries) {
    std::string list;
    for (const auto* entry : entries) {
        const bool told =
            lower_case(entry->content).find(lower_case(entry->key)) != std::string::npos;
        list += "\n- " + (told ? "" : entry->key + ": ") + entry->content;
    }
    return list;
}

bool has_term(const std::vector<std::string>& all, const std::string& term) {
    return std::any_of(all.begin(), all.end(), [&](const std::string& one) {
        return one == term || one == term + "s" || term == one + "s";
    });
}

std::vector<std::string> subject_terms(std::string_view subject) {
    auto all = terms(subject.substr(0, valid_utf8_length(subject.substr(0, longest_subject))));
    std::erase_if(all, [](const std::string& term) {
        return is_stop_word(term) || is_any(term, {"s", "my", "name", "called"});
    });
    return all;
}

/// The entries that speak of a subject; one whose key is the subject alone wins.
std::vector<const memory_entry*> about(std::string_view subject, const assistant_context& context) {
    const std::string wanted = lower_case(without_article(subject));
    const auto needed = subject_terms(subject);
    std::vector<const memory_entry*> all;
    for (const auto& scored : context.memories) {
        const auto& entry = scored.entry;
        if (!wanted.empty() && lower_case(entry.key) == wanted) return {&entry};
        const auto said = terms(entry.key + " " + entry.content);
        const bool fits = std::all_of(needed.begin(), needed.end(),
                                      [&](const auto& term) { return has_term(said, term); });
        if (fits && !needed.empty()) all.push_back(&entry);
    }
    if (all.size() > most_listed) all.resize(most_listed);
    return all;
}

/// "my sister" as one says it to the user: "your sister".
std::string to_user(std::string_view subject) {
    std::string words(trimmed(subject));
    if (lower_case(words).starts_with("my ")) words.replace(0, 2, "your");
    return words.size() > 80 ? in_quotes(words) : words;
}

std::string answer_all(const assistant_context& context) {
    if (context.memory_count == 0 && context.memories.empty())
        return "I have no notes about you yet. Give me one, " + std::string(example);
    std::vector<const memory_entry*> shown;
    for (const auto& scored : context.memories)
        if (shown.size() < most_listed) shown.push_back(&scored.entry);
    const std::size_t all = std::max(context.memory_count, context.memories.size());
    const std::string count =
        "I have " + std::to_string(all) + (all == 1 ? " note" : " notes") + " about you";
    if (shown.empty()) return count + ". Ask me about something, and I will look for it.";
    if (shown.size() == all) return count + ":" + listed(shown);
    return count + ". Those that come to mind now:" + listed(shown);
}

}  // namespace

std::optional<reading> match_remember(const question& asked) {
    const auto& said = asked.said;
    const std::string_view lower = said.lower;
    if (is_any(lower, {"remember", "remember it", "remember that", "remember this", "note that",
                       "note this", "note it", "note it down", "keep that in mind", "save that",
                       "save this", "please remember"})) {
        if (!asked.earlier.empty()) {
            const auto before = read_utterance(asked.earlier.front(), asked.context.perin_name);
            if (is_statement(before)) return reading{.content = before.plain};
        }
        return reading{};
    }
    if (const auto before = before_request(lower)) {
        const auto begin = static_cast<std::size_t>(before->data() - lower.data());
        return reading{.content = said.plain.substr(begin, before->size())};
    }
    const auto rest = after_any(
        lower, {"remember that ",      "remember this: ", "remember: ",         "remember, ",
                "remember ",           "note that ",      "note down that ",    "note down: ",
                "note down ",          "note: ",          "make a note that ",  "make a note: ",
                "make a note of ",     "take a note: ",   "keep in mind that ", "keep in mind ",
                "do not forget that ", "do not forget ",  "don't forget that ", "don't forget ",
                "memorize that ",      "memorise that ",  "memorize ",          "memorise ",
                "save that ",          "save a note: "});
    if (!rest) return std::nullopt;
    // "Can you remember my sister's name?" asks for it.
    const bool told = lower.starts_with("remember that ") || !lower.starts_with("remember ");
    if (said.asks && !told && !verb_in(*rest)) return std::nullopt;
    const auto content =
        trimmed(std::string_view(said.plain).substr(lower.size() - rest->size()), ":;,-");
    return reading{.content = std::string(content)};
}

plan intend_remember(const reading& what, const question&) {
    if (what.content.empty())
        return {.instead = "What shall I remember? Tell me, " + std::string(example)};
    if (code_points(what.content) > longest_content)
        return {.instead =
                    "That is too long for one note: it may have up to 100,000 characters. "
                    "I have kept nothing of it."};
    nlohmann::json arguments{{"key", key_of(what.content)}, {"content", what.content}};
    if (const auto type = type_of(what.content); !type.empty()) arguments["type"] = type;
    return {.arguments = std::move(arguments)};
}

std::string tell_remember(const tool_outcome& outcome) {
    const auto text = [&](const char* name) {
        const auto& from = outcome.arguments;
        return from.is_object() && from.contains(name) && from[name].is_string()
                   ? from[name].get<std::string>()
                   : std::string();
    };
    if (text("content").empty()) return "I have kept the note.";
    return "I have noted " + in_quotes(text("content")) +
           (text("key").empty() ? "" : ", under " + in_quotes(text("key"))) + ".";
}

std::optional<reading> match_forget(const question& asked) {
    const std::string_view lower = asked.said.lower;
    if (is_any(lower, {"forget it", "forget that", "forget this", "forget"})) {
        if (!asked.earlier.empty())
            if (const auto kept = kept_in(asked, asked.earlier.front()))
                return reading{.subject = key_of(*kept), .content = *kept};
        return reading{};
    }
    const auto rest = after_any(
        lower, {"forget what i said about ", "forget what i told you about ",
                "forget what you know about ", "forget everything about ", "forget all about ",
                "forget about ", "forget that ", "forget ", "delete what you know about ",
                "delete your note about ", "delete the note about ", "delete my note about ",
                "delete the memory of ", "delete the memory about "});
    if (!rest) return std::nullopt;
    return reading{.subject = std::string(trimmed(*rest, "\"'.,:;!?"))};
}

plan intend_forget(const reading& what, const question& asked) {
    if (what.subject.empty())
        return {.instead =
                    "What shall I forget? Tell me, for example: \xE2\x80\x9C"
                    "forget my "
                    "sister\xE2\x80\x9D. I have forgotten nothing."};
    if (is_any(what.subject, {"everything", "all", "all of it", "me", "all notes", "all my notes",
                              "everything you know", "everything you know about me",
                              "everything about me", "what you know about me"}))
        return {.instead =
                    "I forget one note at a time here. Tell me which, for example: "
                    "\xE2\x80\x9C"
                    "forget my sister\xE2\x80\x9D. I have forgotten nothing."};
    // "Forget that my sister is Anna" names a note by its content.
    const std::string key = key_of(what.subject);
    const auto exact = about(key, asked.context);
    if (exact.size() == 1) return {.arguments = nlohmann::json{{"key", exact.front()->key}}};
    const auto found = about(what.subject, asked.context);
    if (found.size() == 1) return {.arguments = nlohmann::json{{"key", found.front()->key}}};
    const auto& many = exact.size() > 1 ? exact : found;
    if (many.size() > 1) {
        std::string question = "I have more than one note about that. Which one shall I forget?";
        for (const auto* entry : many) question += "\n- " + entry->key + ": " + entry->content;
        return {.instead = question};
    }
    if (key.empty())
        return {.instead = "I do not see what I shall forget. I have forgotten nothing."};
    return {.arguments = nlohmann::json{{"key", key}}};
}

std::string tell_forget(const tool_outcome& outcome) {
    const auto& from = outcome.arguments;
    const std::string key = from.is_object() && from.contains("key") && from["key"].is_string()
                                ? from["key"].get<std::string>()
                                : "that";
    const auto& result = *outcome.result;
    for (const char* name : {"removed", "forgotten", "deleted", "found"}) {
        if (!result.is_object() || !result.contains(name)) continue;
        const auto& told = result[name];
        const bool none = (told.is_boolean() && !told.get<bool>()) ||
                          (told.is_number() && told.get<double>() == 0);
        if (none)
            return "I had no note under " + in_quotes(key) + ", so there was nothing to forget.";
    }
    return "I have forgotten " + in_quotes(key) + ".";
}

std::optional<reading> match_recall(const question& asked) {
    const std::string_view lower = asked.said.lower;
    if (is_any(lower, {"what do you know about me",
                       "what do you remember about me",
                       "what do you know",
                       "what do you remember",
                       "what have you noted",
                       "what have you noted about me",
                       "what did i tell you",
                       "what have i told you",
                       "list my notes",
                       "show my notes",
                       "show me my notes",
                       "list my memories",
                       "show my memories",
                       "what are my notes",
                       "my notes",
                       "list everything you know about me",
                       "do you know me",
                       "do you remember me",
                       "what do you have on me",
                       "about me"}))
        return reading{.content = "all"};
    if (is_any(lower,
               {"what is my name", "who am i", "do you know my name", "do you remember my name"}))
        return reading{.subject = "my name"};
    auto rest = after_any(
        lower, {"what do you know about ", "what do you remember about ", "what did i say about ",
                "what did i tell you about ", "what have i told you about ", "do you remember ",
                "do you know ", "remember ", "about "});
    bool named = rest.has_value();
    if (!rest) {
        for (const std::string_view word : {"what ", "who ", "where ", "when ", "which "})
            for (const std::string_view verb : {"is ", "are ", "was ", "were "}) {
                const std::string beginning = std::string(word) + std::string(verb);
                if (!lower.starts_with(beginning)) continue;
                rest = lower.substr(beginning.size());
                // "What is an atom" asks no notes.
                named = word != "what " || rest->starts_with("my ");
            }
    }
    if (!rest) {
        rest = after_any(lower, {"where do i ", "what do i ", "who do i ", "when do i ", "do i "});
        named = rest.has_value();
    }
    if (!rest || rest->empty()) return std::nullopt;
    const auto words =
        trimmed(std::string_view(asked.said.plain).substr(lower.size() - rest->size()));
    // Other questions are answered only where a note does.
    if (!named && about(*rest, asked.context).empty()) return std::nullopt;
    return reading{.subject = std::string(words)};
}

std::string answer_recall(const reading& what, const question& asked) {
    const auto& context = asked.context;
    if (what.content == "all") return answer_all(context);
    const std::string subject = lower_case(what.subject);
    if (subject == "my name" && !context.user_name.empty())
        return "Your name is " + context.user_name + ".";
    if (is_any(subject, {"my time zone", "my timezone"}))
        return "Your time zone is " + context.timezone + ".";
    const auto found = about(what.subject, context);
    if (found.empty())
        return "I have no note about " + to_user(what.subject) +
               ". Without a language model, your notes are all that I can look at.";
    if (found.size() == 1) {
        const auto& entry = *found.front();
        const bool told =
            lower_case(entry.content).find(lower_case(entry.key)) != std::string::npos;
        return "My note says: " + (told ? "" : entry.key + ": ") + entry.content;
    }
    return "My notes say:" + listed(found);
}

std::optional<reading> match_statement(const question& asked) {
    const auto& said = asked.said;
    const bool own = after_any(said.lower, {"my ", "our "}) && verb_in(said.lower);
    const bool self = after_any(said.lower, {"i am ", "i'm ", "i like ", "i love ", "i prefer ",
                                             "i live ", "i work ", "i hate ", "i have "})
                          .has_value();
    if (said.asks || (!own && !self)) return std::nullopt;
    return reading{.content = said.plain};
}

std::string answer_statement(const reading&, const question&) {
    return "Thank you for telling me. I have not kept it; say \xE2\x80\x9Cremember "
           "that\xE2\x80\x9D if I shall.";
}

}  // namespace perin::offline
