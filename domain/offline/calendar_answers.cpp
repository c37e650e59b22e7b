#include "domain/offline/calendar_offers.hpp"
#include "domain/offline/intent_row.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <algorithm>

namespace perin::offline {

namespace {

using nlohmann::json;
using std::chrono::minutes;

constexpr std::size_t most_listed = 20;
constexpr std::size_t longest_said = 120;

std::string text_of(const json& from, const char* name) {
    if (!from.is_object()) return {};
    const auto found = from.find(name);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const json& from, const char* name) {
    if (!from.is_object()) return false;
    const auto found = from.find(name);
    return found != from.end() && found->is_boolean() && found->get<bool>();
}

const json& list_of(const json& from, const char* name) {
    static const json none = json::array();
    if (!from.is_object()) return none;
    const auto found = from.find(name);
    return found != from.end() && found->is_array() ? *found : none;
}

const json& object_of(const json& from, const char* name) {
    static const json none = json::object();
    if (!from.is_object()) return none;
    const auto found = from.find(name);
    return found != from.end() && found->is_object() ? *found : none;
}

struct local_moment {
    time_grammar::local_minute shown;
    minutes offset{0};
};

/// `2026-12-01T12:00:00+01:00` as the clock shows it.
std::optional<local_moment> moment_in(const json& from, const char* local, const char* utc) {
    auto text = text_of(from, local);
    if (text.empty()) text = text_of(from, utc);
    const auto at = from_rfc3339(text);
    if (!at) return std::nullopt;
    minutes offset{0};
    if (text.size() > 6 && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-')) {
        const auto digit = [&](std::size_t back) { return text[text.size() - back] - '0'; };
        offset = minutes{(digit(5) * 10 + digit(4)) * 60 + digit(2) * 10 + digit(1)};
        if (text[text.size() - 6] == '-') offset = -offset;
    }
    const auto shown = std::chrono::floor<minutes>(*at) + offset;
    return local_moment{time_grammar::local_minute{shown.time_since_epoch()}, offset};
}

/// A slot or an event, as it is told; `zone` to see whether the clock shows a time twice.
std::optional<local_span> span_in(const json& from, const std::string& zone) {
    const auto start = moment_in(from, "startLocal", "start");
    const auto end = moment_in(from, "endLocal", "end");
    if (!start || !end || end->shown - start->shown > std::chrono::hours{24 * 4'000})
        return std::nullopt;
    local_span out{.start = start->shown, .end = end->shown};
    // Back over a change of the clock it may seem to end before it began.
    if (out.end < out.start) out.end = out.start;
    const auto midnight = [](auto at) { return at == date::floor<date::days>(at); };
    out.all_day = out.end > out.start && midnight(out.start) && midnight(out.end);
    const auto* known = time_grammar::zone_of(zone);
    if (!out.all_day && time_grammar::times_shown(out.start, known) > 1) out.offset = start->offset;
    return out;
}

std::optional<offer> event_of(const json& from, const std::string& zone) {
    const auto when = span_in(from, zone);
    if (!when) return std::nullopt;
    return offer{shown_title(text_of(from, "title")), *when};
}

std::vector<offer> offers_in(const json& list, const std::string& zone, bool titled) {
    std::vector<offer> out;
    for (const auto& each : list) {
        if (out.size() == most_listed) break;
        if (titled) {
            if (auto event = event_of(each, zone)) out.push_back(std::move(*event));
        } else if (const auto when = span_in(each, zone)) {
            out.push_back({.when = *when});
        }
    }
    return out;
}

/// Words of somebody else in an answer: on one line, and no longer than need be.
std::string one_line(const std::string& text) {
    const auto line = shown_title(text);
    return std::string(utf8_prefix(line, longest_said));
}

std::string sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    if (!text.empty() && std::string_view(".?!").find(text.back()) == std::string_view::npos)
        text += '.';
    return text;
}

/// "Nothing was booked": what did not come of a call.
std::string undone(const tool_outcome& outcome) {
    if (outcome.tool == "calendar_create_solo_event") return "Nothing was booked.";
    if (outcome.tool == "calendar_reschedule_event") return "Nothing was moved.";
    if (outcome.tool == "calendar_cancel_event") return "Nothing was cancelled.";
    return "";
}

std::string spaced(std::string first, const std::string& second) {
    if (!first.empty() && !second.empty()) first += ' ';
    return first + second;
}

std::string tell_question(const tool_outcome& outcome, const json& result, bool titled) {
    const auto offers = offers_in(list_of(result, "choices"), text_of(result, "timezone"), titled);
    auto asked = text_of(result, "question");
    if (asked.size() > 600 || asked.find('\n') != std::string::npos) asked.clear();
    if (asked.empty()) asked = titled ? "Which one do you mean?" : "Which time do you mean?";
    auto text = repaired_utf8(asked);
    // A question is what the next message answers.
    if (text.find('?') == std::string::npos) text += " Which one do you mean?";
    return text + listed_offers(offers) + (offers.empty() ? " " + undone(outcome) : "");
}

std::string tell_taken(const tool_outcome& outcome, const json& result) {
    const auto zone = text_of(result, "timezone");
    const auto in_the_way = offers_in(list_of(result, "inTheWay"), zone, true);
    const auto free = offers_in(list_of(result, "alternatives"), zone, false);
    std::string text;
    if (in_the_way.empty()) {
        const auto why = one_line(text_of(result, "why"));
        text = text_of(result, "why").empty() ? "That time is not free." : sentence(why);
    } else {
        text = "That time is taken by ";
        for (std::size_t i = 0; i < in_the_way.size() && i < 5; ++i) {
            if (i > 0) text += i + 1 == in_the_way.size() ? " and " : ", ";
            text += in_the_way[i].title + " (" + spoken_span(in_the_way[i].when) + ")";
        }
        text += ".";
    }
    text = spaced(text, undone(outcome));
    const std::string both = in_the_way.empty() ? ""
                                                : " Or say \xE2\x80\x9C"
                                                  "book it anyway\xE2\x80\x9D to have both.";
    if (free.empty()) return text + " At what other time shall it be?" + both;
    return text + " These times are free:" + listed_offers(free) + "\nWhich one shall I take?" +
           both;
}

std::string tell_event(const tool_outcome& outcome, const json& result) {
    const auto event = event_of(object_of(result, "event"), text_of(result, "timezone"));
    const bool moved = outcome.tool == "calendar_reschedule_event";
    const bool cancelled = outcome.tool == "calendar_cancel_event";
    if (!event) {
        if (cancelled) return "The event is cancelled.";
        return moved ? "The event is moved." : "The event is in your calendar.";
    }
    if (cancelled)
        return "I have cancelled " + event->title + ": " + spoken_span(event->when) + ".";
    std::string text = event->title + std::string(moved ? told_moved : told_created) +
                       spoken_span(event->when) + ".";
    if (const auto place = text_of(object_of(result, "event"), "location"); !place.empty())
        text += " Place: " + sentence(one_line(place));
    if (const auto before = span_in(object_of(result, "before"), text_of(result, "timezone"));
        moved && before)
        text += " It was " + spoken_span(*before) + ".";
    return text;
}

std::string tell_free(const tool_outcome& outcome, const json& result) {
    const auto slots = offers_in(list_of(result, "slots"), text_of(result, "timezone"), false);
    const auto words = one_line(text_of(outcome.arguments, "when"));
    const bool said = !text_of(outcome.arguments, "when").empty();
    const bool yes_or_no = after_any(lower_case(outcome.said.substr(0, 60)),
                                     {"am i ", "is ", "are ", "do i ", "will i ", "have i "})
                               .has_value();
    if (slots.empty()) {
        if (yes_or_no && said) return "No, you are not free then (" + words + ").";
        return "I found no free time" + (said ? " (" + words + ")" : std::string()) + ".";
    }
    const std::string next =
        "\nSay which one to book and what it is, for example \xE2\x80\x9C"
        "book the first one for a call\xE2\x80\x9D.";
    if (slots.size() == 1)
        return (yes_or_no ? "Yes. " : "") + std::string(told_free) + listed_offers(slots);
    return std::string(told_free) + listed_offers(slots) + next;
}

/// The words of "when is my dentist appointment", to tell that event alone.
std::vector<std::string> asked_title(std::string_view said) {
    constexpr std::size_t longest = 300;
    if (said.size() > longest) return {};
    const auto lower = read_utterance(said, "").lower;
    const auto rest =
        after_any(lower, {"when is my ", "when is the ", "what time is my ", "what time is the ",
                          "when do i have my ", "when do i have the ", "at what time is my "});
    if (!rest) return {};
    auto all = terms(*rest);
    std::erase_if(all, [](const std::string& word) {
        return is_stop_word(word) ||
               is_any(word, {"meeting", "appointment", "event", "next", "first", "last", "calendar",
                             "meetings", "appointments", "today", "tomorrow", "week"});
    });
    return all;
}

bool has_words(const offer& event, const std::vector<std::string>& wanted) {
    const auto title = terms(event.title);
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
        return std::find(title.begin(), title.end(), word) != title.end();
    });
}

std::string tell_list(const tool_outcome& outcome, const json& result) {
    const auto& all = list_of(result, "events");
    auto events = offers_in(all, text_of(result, "timezone"), true);
    const auto words = one_line(text_of(outcome.arguments, "when"));
    const std::string where = text_of(outcome.arguments, "when").empty()
                                  ? "in the next 7 days"
                                  : "for that time (" + words + ")";
    if (const auto wanted = asked_title(outcome.said); !wanted.empty()) {
        std::erase_if(events, [&](const offer& one) { return !has_words(one, wanted); });
        if (events.empty()) return "I see no such event in your calendar " + where + ".";
    }
    if (events.empty()) return "There is nothing in your calendar " + where + ".";
    std::string text = "In your calendar " + where + ":" + listed_offers(events);
    if (all.size() > most_listed || flag_of(result, "more"))
        text += "\nThere is more: ask me for a shorter time.";
    return text;
}

std::string tell_failure(const tool_outcome& outcome) {
    const auto& code = outcome.error_code;
    const auto& why = outcome.error_message;
    const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
    if (code == "not_found" && !says("tool"))
        return spaced("I found no such event in your calendar.", undone(outcome));
    if (code == "forbidden") return "You refused it, so nothing was done.";
    if (code == "conflict")
        return spaced("Your calendar was changed at the same moment.", undone(outcome)) +
               " Please say it once more.";
    if (is_any(code, {"unavailable", "internal"})) {
        if (undone(outcome).empty()) return "Your calendar does not answer just now.";
        return "Your calendar does not answer just now, so I cannot say whether it was done. Look "
               "into it before you ask once more.";
    }
    if (code == "invalid_request" && says("past"))
        return spaced("That time is over already.", undone(outcome));
    if (code == "invalid_request" && says("no time"))
        return spaced(
            "I see no time in that. Say it as in \xE2\x80\x9Ctomorrow at 3 "
            "pm\xE2\x80\x9D.",
            undone(outcome));
    if (code == "invalid_request" && !why.empty())
        return spaced("I cannot do that: " + sentence(one_line(why)), undone(outcome));
    return "";
}

}  // namespace

std::string tell_calendar(const tool_outcome& outcome) {
    if (!outcome.result) return tell_failure(outcome);
    const auto& result = *outcome.result;
    const auto status = text_of(result, "status");
    if (status == "ambiguous") return tell_question(outcome, result, false);
    if (status == "which") return tell_question(outcome, result, true);
    if (status == "taken") return tell_taken(outcome, result);
    if (outcome.tool == "calendar_find_time" && result.is_object() && result.contains("slots"))
        return tell_free(outcome, result);
    if (outcome.tool == "calendar_list_events" && result.is_object() && result.contains("events"))
        return tell_list(outcome, result);
    if (is_any(status, {"created", "moved", "cancelled"})) return tell_event(outcome, result);
    return "";
}

}  // namespace perin::offline
