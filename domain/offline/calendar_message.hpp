#pragma once

#include "domain/offline/calendar_command.hpp"
#include "domain/offline/time_words.hpp"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin::offline {

/// A message in its parts, without what is polite.
struct calendar_message {
    std::string plain;
    /// `plain` in lower case, as everywhere here.
    std::string lower;
    std::vector<std::string> words;
    time_words time;
    /// `time.rest` in lower case.
    std::string rest;
    bool asks = false;
};

template <class Set>
[[nodiscard]] bool has_any(const std::vector<std::string>& words, const Set& set) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(set.begin(), set.end(), word) != set.end();
    });
}

/// A meeting, an appointment, a lunch.
[[nodiscard]] bool speaks_of_event(const calendar_message& said);

/// Whether the text begins with one of these as whole words.
[[nodiscard]] bool begins_any(std::string_view text, std::span<const std::string_view> all);
[[nodiscard]] inline bool begins_any(std::string_view text,
                                     std::initializer_list<std::string_view> all) {
    return begins_any(text, std::span(all.begin(), all.size()));
}

[[nodiscard]] bool contains_any(std::string_view text, std::initializer_list<std::string_view> all);

/// "When am I free", "find me 30 minutes".
[[nodiscard]] std::optional<calendar_command> read_find(const calendar_message& said);

/// "What is on my calendar", "when is my dentist appointment".
[[nodiscard]] std::optional<calendar_command> read_list(const calendar_message& said);

}  // namespace perin::offline
