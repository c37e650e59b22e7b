#include "domain/event_search.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <array>

namespace perin {

namespace {

/// Words that are said of any event.
constexpr auto generic = std::to_array<std::string_view>(
    {"meeting", "meetings", "event", "events", "appointment", "appointments", "appt", "call",
     "calendar", "entry", "one", "thing", "all", "every", "each"});

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& each) {
        if (each == word) return true;
        // "dentist's", "lunches", "standups": the plain word is meant.
        return word.size() > 3 && each.size() > 3 &&
               (each.starts_with(word) || word.starts_with(each)) &&
               std::max(each.size(), word.size()) - std::min(each.size(), word.size()) <= 2;
    });
}

/// Those of the words that say something of one event and not of any.
std::vector<std::string> telling_words(std::vector<std::string> words) {
    std::erase_if(words, [](const std::string& each) {
        return std::find(generic.begin(), generic.end(), each) != generic.end();
    });
    return words;
}

/// Without "my", "the" and the like.
std::vector<std::string> wanted_words(const std::vector<std::string>& said) {
    std::vector<std::string> wanted;
    for (const auto& each : said)
        if (!is_stop_word(each) && each != "my" && each != "the") wanted.push_back(each);
    return wanted;
}

bool takes_place_in(const calendar::calendar_entry& entry, const scheduling::interval& within) {
    if (scheduling::is_empty(within))
        return entry.starts_at <= within.start && within.start < entry.ends_at;
    if (entry.ends_at <= entry.starts_at)
        return within.start <= entry.starts_at && entry.starts_at < within.end;
    return scheduling::overlap(within, {entry.starts_at, entry.ends_at});
}

}  // namespace

std::vector<calendar::calendar_entry> entries_meant(
    std::span<const calendar::calendar_entry> among, std::string_view words,
    const std::optional<scheduling::interval>& within) {
    const auto said = terms(words);
    const auto wanted = wanted_words(said);
    const auto telling = telling_words(wanted);
    std::vector<calendar::calendar_entry> out;
    std::vector<calendar::calendar_entry> exact;
    for (const auto& entry : among) {
        if (within && !takes_place_in(entry, *within)) continue;
        const auto title = terms(entry.title);
        if (title == said) exact.push_back(entry);
        // "the call" is the one that is called so, if there is one; else any.
        const bool fits = std::all_of(telling.begin(), telling.end(),
                                      [&](const std::string& each) { return has(title, each); });
        if (fits) out.push_back(entry);
    }
    if (!exact.empty()) return exact;
    std::vector<calendar::calendar_entry> closer;
    for (const auto& entry : out) {
        const auto title = terms(entry.title);
        if (std::all_of(wanted.begin(), wanted.end(),
                        [&](const std::string& each) { return has(title, each); }))
            closer.push_back(entry);
    }
    return closer.empty() ? out : closer;
}

bool names_event(std::string_view words, std::string_view title) {
    const auto said = terms(words);
    const auto telling = telling_words(wanted_words(said));
    return !telling.empty() || said == terms(title);
}

}  // namespace perin
