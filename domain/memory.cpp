#include "domain/memory.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <ranges>
#include <tuple>
#include <utility>

namespace perin {

namespace {

/// Shares of the score; they add up to 1.
constexpr double overlap_share = 0.6;
constexpr double importance_share = 0.2;
constexpr double recency_share = 0.2;

/// A long text is not asked to be covered whole: this many matches are all that one can expect.
constexpr std::size_t enough_matches = 6;

constexpr double half_life_days = 30.0;

/// 1 for now and for what lies ahead of this node's clock, then half for every half-life.
double recency(timestamp at, timestamp now) {
    const auto age = std::chrono::duration<double, std::chrono::days::period>(now - at).count();
    return age <= 0 ? 1.0 : std::exp2(-age / half_life_days);
}

double within_one(double value) { return std::isnan(value) ? 0.0 : std::clamp(value, 0.0, 1.0); }

/// How many terms two sets share.
std::size_t shared(const term_set& few, const term_set& many) {
    return static_cast<std::size_t>(std::ranges::count_if(
        few, [&](const auto term) { return std::ranges::binary_search(many, term); }));
}

/// 0 where nothing is shared. The key is what the entry is about, so half of the overlap is how
/// much of the key is named; the other half is how much of the text the entry speaks of.
double overlap(const term_set& key_terms, const term_set& entry_terms, const term_set& text_terms) {
    const auto matches = shared(text_terms, entry_terms);
    if (matches == 0) return 0;
    const auto in_key = shared(text_terms, key_terms);
    const auto of_key = key_terms.empty()
                            ? 0.0
                            : static_cast<double>(in_key) / static_cast<double>(key_terms.size());
    const auto expected = std::min(text_terms.size(), enough_matches);
    const auto of_text =
        std::min(1.0, static_cast<double>(matches) / static_cast<double>(expected));
    return 0.5 * of_key + 0.5 * of_text;
}

double score(double overlapping, const memory_entry& entry, timestamp now) {
    if (overlapping <= 0) return 0;
    return overlap_share * overlapping + importance_share * within_one(entry.importance) +
           recency_share * recency(entry.at, now);
}

/// `meetings` and `meeting` are one term; `class`, `status` and `is` are no plurals.
std::string_view singular(std::string_view term) {
    if (term.size() < 4 || !term.ends_with('s')) return term;
    const char before = term[term.size() - 2];
    return before == 's' || before == 'u' || before == 'i' ? term : term.substr(0, term.size() - 1);
}

std::size_t hash_of(std::string_view term) { return std::hash<std::string_view>{}(term); }

bool says_something(std::string_view word) {
    return !is_stop_word(word) && !is_stop_word(singular(word));
}

void add_terms(term_set& into, std::string_view text) {
    std::string word;
    for (term_reader reader(text); reader.next(word);)
        if (says_something(word)) into.push_back(hash_of(singular(word)));
}

void sort_once(term_set& list) {
    std::ranges::sort(list);
    const auto rest = std::ranges::unique(list);
    list.erase(rest.begin(), rest.end());
}

/// Scored, with the place of its entry.
struct candidate {
    double score;
    std::size_t index;
};

template <class Entries, class Entry>
std::vector<scored_memory> best_of(std::vector<candidate> candidates, const Entries& entries,
                                   std::size_t limit, Entry entry_of) {
    const auto count = std::min(limit, candidates.size());
    const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(candidates.begin(), middle, candidates.end(),
                      [&](const candidate& a, const candidate& b) {
                          if (a.score != b.score) return a.score > b.score;
                          return entry_of(entries[a.index]).key < entry_of(entries[b.index]).key;
                      });
    std::vector<scored_memory> best;
    best.reserve(count);
    for (const auto& one : candidates | std::views::take(count))
        best.push_back({.entry = entry_of(entries[one.index]), .score = one.score});
    return best;
}

/// Overlap of an entry whose terms are not known yet. The text has few terms, so of the content's
/// words only those among them are looked at any closer.
double overlap_of_new(const memory_entry& entry, const term_set& text_terms) {
    auto key_terms = memory_terms(entry.key);
    term_set common;
    std::ranges::copy_if(key_terms, std::back_inserter(common), [&](const auto term) {
        return std::ranges::binary_search(text_terms, term);
    });
    std::string word;
    for (term_reader reader(entry.content); reader.next(word);) {
        const auto term = hash_of(singular(word));
        if (std::ranges::binary_search(text_terms, term) && says_something(word))
            common.push_back(term);
    }
    if (common.empty()) return 0;
    sort_once(common);
    return overlap(key_terms, common, text_terms);
}

bool has_any(std::span<const std::string> words, std::span<const std::string_view> wanted) {
    return std::ranges::any_of(words, [&](const auto& word) {
        return std::ranges::find(wanted, std::string_view(word)) != wanted.end();
    });
}

constexpr auto wishes = std::to_array<std::string_view>(
    {"prefer", "prefers", "preferred", "preference", "preferences", "like",     "likes",
     "love",   "loves",   "want",      "wants",      "wish",        "favorite", "favourite",
     "hate",   "hates",   "dislike",   "dislikes",   "enjoy",       "enjoys"});
constexpr auto constraints = std::to_array<std::string_view>(
    {"never", "always", "must", "cannot", "only", "avoid", "allergic", "allergy", "allergies",
     "vegetarian", "vegan", "forbidden", "unless", "except", "limit", "maximum", "minimum"});
constexpr auto duties = std::to_array<std::string_view>(
    {"deadline", "due", "owe", "owes", "promised", "promise", "pay", "renew", "submit", "deliver",
     "appointment", "obligation", "birthday", "anniversary", "need", "needs"});
constexpr auto dates = std::to_array<std::string_view>(
    {"monday", "tuesday",  "wednesday", "thursday", "friday",   "saturday",
     "sunday", "january",  "february",  "march",    "april",    "june",
     "july",   "august",   "september", "october",  "november", "december",
     "today",  "tomorrow", "weekday",   "weekdays", "weekend",  "weekends"});
constexpr auto weighty_types = std::to_array<std::string_view>(
    {"preference", "constraint", "goal", "rule", "person", "contact", "decision"});

/// A capital letter that does not begin a sentence is the mark of a name.
bool has_name(std::string_view content) {
    bool sentence_begins = true;
    bool word_begins = true;
    for (const char c : content) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool letter =
            upper || (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) > 127);
        if (upper && word_begins && !sentence_begins) return true;
        if (letter) sentence_begins = false;
        if (c == '.' || c == '!' || c == '?' || c == '\n') sentence_begins = true;
        word_begins = !letter;
    }
    return false;
}

bool has_digit(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

double computed_importance(std::string_view key, std::string_view content, std::string_view type) {
    // What an entry says, it says early: a long one is not read to its end.
    const auto looked_at = content.substr(0, 2000);
    auto words = terms(key);
    std::ranges::move(terms(looked_at), std::back_inserter(words));
    const auto type_words = terms(type);

    double importance = 0.3;
    if (has_any(type_words, weighty_types)) importance += 0.15;
    if (has_digit(looked_at) || has_any(words, dates)) importance += 0.1;
    if (has_name(looked_at)) importance += 0.1;
    if (has_any(words, wishes)) importance += 0.15;
    if (has_any(words, constraints)) importance += 0.2;
    if (has_any(words, duties)) importance += 0.2;
    importance += 0.1 * std::min(1.0, static_cast<double>(content.size()) / 400.0);
    return within_one(importance);
}

term_set memory_terms(std::string_view text) {
    term_set list;
    add_terms(list, text);
    sort_once(list);
    return list;
}

indexed_memory index_memory(memory_entry entry) {
    auto key_terms = memory_terms(entry.key);
    auto all = key_terms;
    add_terms(all, entry.content);
    sort_once(all);
    return {.entry = std::move(entry), .key_terms = std::move(key_terms), .terms = std::move(all)};
}

double relevance(const memory_entry& entry, std::string_view text, timestamp now) {
    return score(overlap_of_new(entry, memory_terms(text)), entry, now);
}

std::vector<scored_memory> relevant_memories(std::span<const memory_entry> entries,
                                             std::string_view text, std::size_t limit,
                                             timestamp now) {
    const auto text_terms = memory_terms(text);
    std::vector<candidate> candidates;
    if (text_terms.empty()) return {};
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (const auto points = score(overlap_of_new(entries[i], text_terms), entries[i], now);
            points > 0)
            candidates.push_back({points, i});
    return best_of(std::move(candidates), entries, limit,
                   [](const memory_entry& entry) -> const memory_entry& { return entry; });
}

std::vector<scored_memory> relevant_memories(std::span<const indexed_memory> entries,
                                             const term_set& text_terms, std::size_t limit,
                                             timestamp now) {
    std::vector<candidate> candidates;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& one = entries[i];
        const auto points = score(overlap(one.key_terms, one.terms, text_terms), one.entry, now);
        if (points > 0) candidates.push_back({points, i});
    }
    return best_of(std::move(candidates), entries, limit,
                   [](const indexed_memory& one) -> const memory_entry& { return one.entry; });
}

std::optional<std::size_t> least_valuable(std::span<const memory_entry> entries,
                                          std::string_view keep, timestamp now) {
    const auto value = [&](const memory_entry& entry) {
        // The first uses say most: none is 0, one a half, ten nearly 1.
        const auto uses = static_cast<double>(std::max<std::int64_t>(entry.use_count, 0));
        return 0.5 * within_one(entry.importance) + 0.25 * (uses / (uses + 1.0)) +
               0.25 * recency(entry.at, now);
    };
    std::optional<std::size_t> least;
    double least_value = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].key == keep) continue;
        const auto worth = value(entries[i]);
        if (least) {
            const auto& other = entries[*least];
            // Of equals the older goes, then by key: the choice does not hang on the order given.
            if (std::tie(worth, entries[i].at, entries[i].key) >=
                std::tie(least_value, other.at, other.key))
                continue;
        }
        least = i;
        least_value = worth;
    }
    return least;
}

}  // namespace perin
