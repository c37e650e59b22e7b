#include "domain/notification_talk.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace perin {

namespace {

using words = std::vector<std::string>;

/// A longer text says more than yes or no.
constexpr std::size_t longest_answer = 300;

bool is_word_octet(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/// Octets of the typographic sign at the beginning of `text`; 0: there is none. Quotation marks and
/// dashes are U+2000 to U+206F, guillemets and the hard space U+0080 to U+00BF.
std::size_t sign_length(std::string_view text) {
    if (text.starts_with("\xc2")) return 2;
    return text.starts_with("\xe2\x80") || text.starts_with("\xe2\x81") ? 3 : 0;
}

/// Lower-case words; an apostrophe, also the typographic one, joins.
words words_of(std::string_view text) {
    constexpr std::string_view curly = "\xe2\x80\x99";
    words out;
    std::string word;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c >= 'A' && c <= 'Z') c = static_cast<unsigned char>(c - 'A' + 'a');
        if (c == '\'') continue;
        if (text.substr(i).starts_with(curly)) {
            i += curly.size() - 1;
            continue;
        }
        const auto sign = sign_length(text.substr(i));
        if (sign == 0 && is_word_octet(c)) {
            word += static_cast<char>(c);
            continue;
        }
        if (sign > 0) i += sign - 1;
        if (!word.empty()) out.push_back(std::exchange(word, {}));
    }
    if (!word.empty()) out.push_back(std::move(word));
    return out;
}

enum class meaning {
    yes,
    no,
    /// "do not": turns what follows.
    negation,
    filler,
};

struct phrase {
    std::string_view text;
    meaning what;
    /// It names the decision itself: it may answer what another conversation asked.
    bool strong = false;
};

// Longer ones before those that they begin with.
constexpr std::array phrases{
    phrase{"do not", meaning::negation},
    phrase{"dont", meaning::negation},
    phrase{"not", meaning::negation},
    phrase{"never", meaning::negation},
    phrase{"go ahead", meaning::yes},
    phrase{"go for it", meaning::yes},
    phrase{"of course", meaning::yes},
    phrase{"sounds good", meaning::yes},
    phrase{"please do", meaning::yes},
    phrase{"do it", meaning::yes},
    phrase{"do that", meaning::yes},
    phrase{"yes", meaning::yes},
    phrase{"yep", meaning::yes},
    phrase{"yeah", meaning::yes},
    phrase{"yup", meaning::yes},
    phrase{"absolutely", meaning::yes},
    phrase{"definitely", meaning::yes},
    phrase{"approve", meaning::yes, true},
    phrase{"approved", meaning::yes, true},
    phrase{"accept", meaning::yes, true},
    phrase{"accepted", meaning::yes, true},
    phrase{"confirm", meaning::yes, true},
    phrase{"confirmed", meaning::yes, true},
    phrase{"allow", meaning::yes, true},
    phrase{"agreed", meaning::yes, true},
    phrase{"no", meaning::no},
    phrase{"nope", meaning::no},
    phrase{"nah", meaning::no},
    phrase{"rather not", meaning::no},
    phrase{"refuse", meaning::no, true},
    phrase{"refused", meaning::no, true},
    phrase{"reject", meaning::no, true},
    phrase{"rejected", meaning::no, true},
    phrase{"decline", meaning::no, true},
    phrase{"declined", meaning::no, true},
    phrase{"deny", meaning::no, true},
    phrase{"denied", meaning::no, true},
    // These may just say that it was read.
    phrase{"ok", meaning::filler},
    phrase{"okay", meaning::filler},
    phrase{"sure", meaning::yes},
    phrase{"fine", meaning::filler},
    phrase{"alright", meaning::filler},
    phrase{"thank you", meaning::filler},
    phrase{"thanks", meaning::filler},
    phrase{"please", meaning::filler},
    phrase{"perin", meaning::filler},
    phrase{"it", meaning::filler},
    phrase{"that", meaning::filler},
    phrase{"this", meaning::filler},
    phrase{"the", meaning::filler},
    phrase{"one", meaning::filler},
    phrase{"i", meaning::filler},
    phrase{"you can", meaning::filler},
    phrase{"you may", meaning::filler},
    phrase{"now", meaning::filler},
    phrase{"and", meaning::filler},
    phrase{"a", meaning::filler},
    phrase{"an", meaning::filler},
    phrase{"my", meaning::filler},
    phrase{"for", meaning::filler},
    phrase{"of", meaning::filler},
    phrase{"with", meaning::filler},
    phrase{"about", meaning::filler},
    phrase{"request", meaning::filler},
    phrase{"approval", meaning::filler},
    phrase{"notification", meaning::filler},
};

/// How many of the words from `at` on the phrase is; 0: it is not there.
std::size_t length_at(const phrase& one, const words& said, std::size_t at) {
    const auto parts = words_of(one.text);
    if (parts.size() > said.size() - at) return 0;
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (parts[i] != said[at + i]) return 0;
    return parts.size();
}

/// A message, read.
struct verdict {
    bool yes = false;
    bool no = false;
    bool strong = false;
    bool negated = false;
    bool contradicts = false;
    /// Words that are nothing of the above: an action's own name, or of a title.
    words other = {};
};

void take(verdict& into, const phrase& one) {
    switch (one.what) {
        case meaning::yes:
            into.strong = into.strong || one.strong;
            if (!into.negated) into.yes = true;
            return;
        case meaning::no:
            into.strong = into.strong || one.strong;
            // "do not refuse it" is not said of anybody who decides.
            if (into.negated) into.contradicts = true;
            into.no = true;
            return;
        case meaning::negation:
            into.negated = true;
            into.no = true;
            return;
        case meaning::filler:
            return;
    }
}

verdict read(const words& said) {
    verdict out;
    for (std::size_t at = 0; at < said.size();) {
        const auto found = std::ranges::find_if(
            phrases, [&](const phrase& one) { return length_at(one, said, at) > 0; });
        if (found == phrases.end()) {
            out.other.push_back(said[at++]);
            continue;
        }
        take(out, *found);
        at += length_at(*found, said, at);
    }
    out.contradicts = out.contradicts || (out.yes && out.no);
    return out;
}

/// The action of the notification that says yes, or no; empty where it has none.
std::string action_meant(const open_notification& one, bool yes) {
    constexpr std::array agreeing{"approve", "accept", "confirm", "yes"};
    constexpr std::array refusing{"refuse", "decline", "reject", "deny", "no"};
    for (const auto& action : one.actions) {
        const bool fits = yes ? std::ranges::find(agreeing, action) != agreeing.end()
                              : std::ranges::find(refusing, action) != refusing.end();
        if (fits) return action;
    }
    return {};
}

/// Whether a word of the title is meant: "meeting" for "meetings" too.
bool names(const words& title, const std::string& word) {
    constexpr std::size_t stem = 4;
    return std::ranges::any_of(title, [&](const std::string& each) {
        if (each == word) return true;
        return word.size() >= stem && each.size() >= stem &&
               (each.starts_with(word) || word.starts_with(each));
    });
}

/// A yes or a no that belongs to whatever was asked.
bool is_weak(const verdict& said) {
    return (said.yes || said.no) && !said.strong && said.other.empty();
}

bool is_filler(const std::string& word) {
    return std::ranges::any_of(phrases, [&](const phrase& one) {
        return one.what == meaning::filler && one.text == word;
    });
}

/// What an assistant asks in a message: its last question, or all of it where it has none.
std::string_view asking_part(std::string_view text) {
    const auto sign = text.rfind('?');
    if (sign == std::string_view::npos) return text;
    const auto before = text.substr(0, sign).find_last_of(".!?\n");
    return text.substr(0, sign).substr(before == std::string_view::npos ? 0 : before + 1);
}

/// Whether it is said that somebody has to decide.
bool speaks_of_deciding(std::string_view text) {
    constexpr std::array<std::string_view, 6> beginnings{"approv", "refus",    "permission",
                                                         "decid",  "decision", "consent"};
    const auto said = words_of(text);
    for (std::size_t i = 0; i < said.size(); ++i) {
        const auto& word = said[i];
        if (std::ranges::any_of(beginnings, [&](auto each) { return word.starts_with(each); }))
            return true;
        const bool of_user = i > 0 && (said[i - 1] == "your" || said[i - 1] == "a");
        if (of_user && (word == "yes" || word == "no")) return true;
    }
    return false;
}

/// What the assistant said last, where nobody has said anything since; else empty.
std::string_view last_said(std::span<const chat_message> history) {
    if (history.empty() || history.back().role != chat_role::assistant) return {};
    return history.back().content;
}

/// Whether all that the title tells is in the text.
bool told_in(std::string_view text, const open_notification& one) {
    const auto said = words_of(text);
    auto title = words_of(one.title);
    std::erase_if(title, is_filler);
    return !title.empty() &&
           std::ranges::all_of(title, [&](const std::string& word) { return names(said, word); });
}

/// Whether the assistant's last message asks for the decision on this one.
bool asks_for(std::string_view last, const open_notification& one,
              std::span<const open_notification> open) {
    if (one.elsewhere || last.empty()) return false;
    const auto asked = asking_part(last);
    const bool question = asked.size() < last.size();
    const bool decides = speaks_of_deciding(asked);
    if (told_in(asked, one)) return question || decides;
    // "I wait for your yes": there is one thing only that this can be said of.
    return decides && std::ranges::count(open, false, &open_notification::elsewhere) == 1;
}

/// What the message decides about this one; nothing where it does not speak of it.
std::optional<std::string> decided(const verdict& said, const open_notification& one) {
    auto rest = said.other;
    std::string action;
    if (said.yes || said.no) {
        action = action_meant(one, said.yes);
    } else {
        const auto own = std::ranges::find_if(rest, [&](const std::string& word) {
            return std::ranges::find(one.actions, word) != one.actions.end();
        });
        if (own == rest.end()) return std::nullopt;
        action = *own;
        rest.erase(own);
    }
    if (action.empty()) return std::nullopt;
    const auto title = words_of(one.title);
    for (const auto& word : rest)
        if (!names(title, word)) return std::nullopt;
    return action;
}

/// What the message says, where it can decide anything.
std::optional<verdict> verdict_in(std::string_view message) {
    // A question decides nothing.
    if (message.size() > longest_answer || message.find('?') != std::string_view::npos)
        return std::nullopt;
    auto said = read(words_of(message));
    if (said.contradicts) return std::nullopt;
    return said;
}

}  // namespace

std::optional<notification_answer> answer_in(std::string_view message,
                                             std::span<const open_notification> open,
                                             std::span<const chat_message> history) {
    if (open.empty()) return std::nullopt;
    const auto said = verdict_in(message);
    if (!said) return std::nullopt;
    std::optional<notification_answer> found;
    for (const auto& one : open) {
        if (is_weak(*said) && !asks_for(last_said(history), one, open)) continue;
        auto action = decided(*said, one);
        if (!action) continue;
        if (found) return std::nullopt;
        found = notification_answer{one.id, std::move(*action)};
    }
    return found;
}

bool is_mere_decision(std::string_view message) {
    const auto said = verdict_in(message);
    return said && is_weak(*said);
}

bool may_decide(std::string_view message, std::span<const chat_message> history) {
    const auto said = verdict_in(message);
    if (!said || !(said->yes || said->no)) return false;
    if (!is_weak(*said)) return true;
    const auto last = last_said(history);
    return last.find('?') != std::string_view::npos || speaks_of_deciding(last);
}

}  // namespace perin
