#pragma once

#include "domain/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// Something Perin keeps about a user.
struct memory_entry {
    /// 1 to 200 characters, unique for the user.
    std::string key;
    /// 1 to 100,000 characters.
    std::string content;
    /// Any text up to 50 characters.
    std::string type = "fact";
    /// Where it came from or when it applies; may be empty.
    std::string context = {};
    /// 0 to 1.
    double importance = 0.5;
    /// When it was last written.
    timestamp at = {};
    /// How often it was relevant to a turn.
    std::int64_t use_count = 0;

    friend bool operator==(const memory_entry&, const memory_entry&) = default;
};

struct scored_memory {
    memory_entry entry;
    /// 0 to 1, higher is more relevant.
    double score = 0;
};

/// Importance of an entry whose writer gave none: 0 to 1, from what it says (dates, names, wishes,
/// constraints and duties weigh more than small talk) and how much.
[[nodiscard]] double computed_importance(std::string_view key, std::string_view content,
                                         std::string_view type);

/// Relevance of an entry for a text, 0 to 1: overlap of key and terms, importance, recency (halves
/// every 30 days). 0 where no term overlaps.
[[nodiscard]] double relevance(const memory_entry& entry, std::string_view text, timestamp now);

/// The up to `limit` most relevant entries with a score above 0, best first, ties by key.
[[nodiscard]] std::vector<scored_memory> relevant_memories(std::span<const memory_entry> entries,
                                                           std::string_view text, std::size_t limit,
                                                           timestamp now);

/// Terms as their hashes, sorted, each once: a thousand entries are compared in microseconds. Only
/// good within one run of the program.
using term_set = std::vector<std::size_t>;

/// An entry with its terms taken apart once, for callers that keep the entries in memory.
struct indexed_memory {
    memory_entry entry;
    /// `memory_terms` of the key.
    term_set key_terms;
    /// `memory_terms` of key and content together.
    term_set terms;
};

/// The terms that tell what a text is about: no stop words, simple plurals as their singular;
/// sorted, each once.
[[nodiscard]] term_set memory_terms(std::string_view text);

[[nodiscard]] indexed_memory index_memory(memory_entry entry);

/// The same with the entries' terms already taken apart; `text_terms` are `memory_terms` of the
/// text.
[[nodiscard]] std::vector<scored_memory> relevant_memories(std::span<const indexed_memory> entries,
                                                           const term_set& text_terms,
                                                           std::size_t limit, timestamp now);

/// Which old entry goes when one too many is there: the least valuable by importance, use and
/// recency. Index into `entries`; nothing where it is empty. `keep` (a key) is never chosen.
[[nodiscard]] std::optional<std::size_t> least_valuable(std::span<const memory_entry> entries,
                                                        std::string_view keep, timestamp now);

}  // namespace perin
