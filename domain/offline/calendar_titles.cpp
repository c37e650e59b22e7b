#include "domain/offline/calendar_command.hpp"
#include "domain/text.hpp"

#include <array>

namespace perin::offline {

namespace {

constexpr std::size_t longest_title = 200;

/// Takes one of these off the front; each ends with its space or sign.
template <class Words>
bool drop_front(std::string& text, const Words& all) {
    const std::string lower = lower_case(text);
    for (const std::string_view each : all) {
        if (!lower.starts_with(each)) continue;
        text.erase(0, each.size());
        return true;
    }
    return false;
}

template <class Words>
bool drop_back(std::string& text, const Words& all) {
    const std::string lower = lower_case(text);
    for (const std::string_view each : all) {
        const bool is_all = lower == each.substr(1);
        if (!is_all && !lower.ends_with(each)) continue;
        text.resize(is_all ? 0 : text.size() - each.size());
        return true;
    }
    return false;
}

/// Without signs at its ends, and with single spaces.
void tidy(std::string& text) {
    std::string kept;
    for (const char c : trimmed(text, ",.:;-?!\"'"))
        if (c != ' ' || kept.back() != ' ') kept += c;
    text = std::move(kept);
}

/// "in my calendar", "to the agenda" and the like, wherever they stand.
void drop_calendar(std::string& text) {
    for (const std::string_view joint : {"into", "onto", "in", "to", "on", "from", "off", "out of"})
        for (const std::string_view whose : {" my ", " the ", " our ", " "})
            for (const std::string_view what :
                 {"calendar", "agenda", "diary", "schedule", "calender"}) {
                const std::string words =
                    std::string(joint) + std::string(whose) + std::string(what);
                const std::string lower = " " + lower_case(text) + " ";
                const auto at = lower.find(" " + words + " ");
                if (at == std::string::npos) continue;
                text.erase(at, words.size());
            }
}

constexpr auto articles = std::to_array<std::string_view>(
    {"an ", "a ", "the ", "my ", "our ", "this ", "that ", "some ", "another ", "'s ", "s' "});

constexpr auto before_title = std::to_array<std::string_view>({"me in for ",
                                                               "me in ",
                                                               "me ",
                                                               "us ",
                                                               "in for ",
                                                               "in ",
                                                               "down ",
                                                               "new ",
                                                               "event called ",
                                                               "event named ",
                                                               "event titled ",
                                                               "event for ",
                                                               "event: ",
                                                               "event about ",
                                                               "entry for ",
                                                               "entry: ",
                                                               "entry called ",
                                                               "meeting called ",
                                                               "meeting named ",
                                                               "meeting titled ",
                                                               "meeting: ",
                                                               "call called ",
                                                               "call: ",
                                                               "appointment called ",
                                                               "appointment: ",
                                                               "appointment named ",
                                                               "called ",
                                                               "named ",
                                                               "titled ",
                                                               "time for ",
                                                               "time to ",
                                                               "slot for ",
                                                               "slot to ",
                                                               "for ",
                                                               "on ",
                                                               "at ",
                                                               "from ",
                                                               "to ",
                                                               "of ",
                                                               "it as ",
                                                               "by ",
                                                               "with the title ",
                                                               "that i have ",
                                                               "i have "});

constexpr auto after_title = std::to_array<std::string_view>(
    {" on",         " at",          " for",    " from",   " to",        " in",       " by",
     " and",        " of",          " until",  " it",     " please",    " starting", " lasting",
     " that lasts", " which lasts", " begins", " starts", " beginning", " with",     " the",
     " a",          " as",          " then",   " instead"});

constexpr auto after_event = std::to_array<std::string_view>(
    {" on",       " at", " for",   " from",    " to",     " in",      " by",
     " and",      " of", " until", " please",  " back",   " forward", " later",
     " earlier",  " up", " ahead", " instead", " the",    " that is", " that's",
     " which is", " 's", " again", " is",      " starts", " then"});

/// Words that name no particular thing.
bool says_nothing(const std::string& text) {
    return is_any(lower_case(text), {"event",
                                     "events",
                                     "something",
                                     "it",
                                     "this",
                                     "that",
                                     "time",
                                     "slot",
                                     "entry",
                                     "one",
                                     "thing",
                                     "anything",
                                     "some time",
                                     "me",
                                     "in",
                                     "off",
                                     "out",
                                     "a",
                                     "an",
                                     "the",
                                     "my",
                                     "some",
                                     "new",
                                     "time slot",
                                     "calendar",
                                     "calendar event",
                                     "calendar entry",
                                     "time off for",
                                     "with",
                                     "and",
                                     "them",
                                     "new event"});
}

std::string capitalized(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

}  // namespace

std::string title_in(std::string_view words) {
    std::string text(words);
    drop_calendar(text);
    // Bounded: nobody wraps a title deeper.
    for (int round = 0; round < 8; ++round) {
        tidy(text);
        const auto before = text.size();
        drop_front(text, articles);
        drop_front(text, before_title);
        drop_back(text, after_title);
        tidy(text);
        if (text.size() == before) break;
    }
    if (says_nothing(text)) return {};
    // "An hour with Eve".
    if (lower_case(text).starts_with("with ")) text = "Meeting " + text;
    return capitalized(std::string(utf8_prefix(repaired_utf8(text), longest_title)));
}

std::string event_in(std::string_view words) {
    std::string text(words);
    drop_calendar(text);
    for (int round = 0; round < 8; ++round) {
        tidy(text);
        const auto before = text.size();
        drop_front(text, articles);
        drop_front(text, std::to_array<std::string_view>(
                             {"event called ", "event named ", "appointment called ",
                              "meeting called ", "on ", "at ", "for ", "from ", "of ", "time of ",
                              "date of ", "start of ", "time for ", "time "}));
        drop_back(text, after_event);
        tidy(text);
        if (text.size() == before) break;
    }
    if (is_any(lower_case(text), {"my", "the", "our", "a", "an", "and"})) return {};
    return std::string(utf8_prefix(repaired_utf8(text), longest_title));
}

}  // namespace perin::offline
