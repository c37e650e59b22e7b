#include "domain/offline/link_talk.hpp"

#include "domain/offline/intent_row.hpp"
#include "domain/offline/time_words.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <charconv>

namespace perin::offline {

namespace {

using nlohmann::json;

constexpr std::size_t longest_message = 500;
constexpr std::int64_t usual_mins = 30;

bool has_word(const std::vector<std::string>& words, std::initializer_list<std::string_view> all) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return is_any(word, all); });
}

/// "30 minute", "45 min", "an hour", as it stands before "link".
std::optional<std::int64_t> length_in(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const bool minutes = is_any(words[i], {"minute", "minutes", "min", "mins"});
        const bool hours = is_any(words[i], {"hour", "hours", "hr"});
        if (!minutes && !hours) continue;
        const auto& before = words[i - 1];
        if (hours && is_any(before, {"an", "a", "one"})) return 60;
        std::int64_t count = 0;
        const auto read = std::from_chars(before.data(), before.data() + before.size(), count);
        if (read.ec != std::errc{} || read.ptr != before.data() + before.size()) continue;
        if (count > 0 && count <= 720)
            return hours ? std::min<std::int64_t>(count * 60, 720) : count;
    }
    return std::nullopt;
}

/// Whom it is for: "Anna" of "make a link for Anna".
std::string guest_in(std::string_view rest) {
    const auto lower = lower_case(rest);
    std::size_t from = std::string::npos;
    for (const std::string_view before :
         {" link for ", " so that ", " so ", " that lets ", " for "}) {
        const auto at = lower.find(before);
        if (at == std::string::npos) continue;
        from = at + before.size();
        break;
    }
    if (from == std::string::npos) return {};
    auto end = lower.size();
    for (const std::string_view after :
         {" can ", " could ", " to ", " book", " for ", " with ", " by ", " where ", ",", "."})
        end = std::min(end, lower.find(after, from));
    auto words = trimmed(rest.substr(from, end - from), "'\"");
    // What stood before the time that was taken out.
    for (const std::string_view joint : {" for", " on", " in"})
        if (lower_case(words).ends_with(joint)) words.remove_suffix(joint.size());
    // "for meetings" and "for my calendar" name nobody.
    const auto name = lower_case(words);
    if (name.empty() || name.size() > 60 || after_any(name, {"my ", "the ", "a ", "an "}) ||
        is_any(name, {"me", "us", "people", "others", "someone", "somebody", "anyone", "meetings",
                      "a meeting", "calls", "bookings", "booking", "them", "guests"}))
        return {};
    return std::string(words);
}

std::string text_of(const json& from, const char* name) {
    if (!from.is_object()) return {};
    const auto found = from.find(name);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

bool asks_for_link(const utterance& said) {
    if (said.plain.size() > longest_message) return false;
    if (!after_any(said.lower, {"make ", "create ", "set up ", "generate ", "give me ", "i need a",
                                "i want a", "i would like a", "i'd like a", "new ", "prepare ",
                                "can i have a", "can i get a", "send me a", "get me a"}))
        return false;
    const auto words = terms(said.plain);
    if (!has_word(words, {"link"}) || has_word(words, {"login", "website", "zoom", "url"}))
        return false;
    // "Make a link" alone may mean anything.
    return length_in(words) || !read_time_words(said.plain).when.empty() ||
           has_word(words, {"booking", "scheduling", "book", "meeting", "appointment", "calendar",
                            "call", "availability", "schedule"});
}

std::optional<reading> match_link(const question& asked) {
    const auto& said = asked.said;
    if (!asks_for_link(said)) return std::nullopt;
    const auto words = terms(said.plain);
    const auto time = read_time_words(said.plain);
    const auto usual = time.length ? time.length->count() : usual_mins;
    reading out;
    out.arguments = {{"durationMins", length_in(words).value_or(usual)}};
    if (auto guest = guest_in(" " + time.rest); !guest.empty())
        out.arguments["guest"] = std::move(guest);
    if (!time.when.empty()) out.arguments["when"] = time.when;
    if (has_word(words, {"approval", "approve", "confirm"})) out.arguments["approval"] = true;
    return out;
}

plan intend_link(const reading& what, const question&) {
    plan out;
    out.arguments = what.arguments;
    return out;
}

std::string tell_link(const tool_outcome& outcome) {
    if (!outcome.result) return {};
    if (text_of(*outcome.result, "status") == "ambiguous")
        return text_of(*outcome.result, "question");
    const auto link = outcome.result->value("link", json::object());
    const auto url = text_of(link, "url");
    if (url.empty()) return {};
    const auto lengths = link.value("durationsMins", json::array());
    const auto mins = lengths.empty() ? std::string() : lengths.front().dump();
    return "Here is your link:\n" + url + "\nBy it " + mins + " minutes can be booked from " +
           text_of(link, "windowStart") + " to " + text_of(link, "windowEnd") +
           ". It works until " + text_of(link, "expiresAt").substr(0, 10) +
           ", and I cannot show its address a second time.";
}

}  // namespace perin::offline
