#include "domain/slot_preferences.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace perin {

namespace {

using words = std::vector<std::string>;

constexpr std::array<std::string_view, 10> likes{"prefer", "prefers", "like",  "likes", "best",
                                                 "love",   "loves",   "ideal", "good",  "favorite"};
constexpr std::array<std::string_view, 12> dislikes{"no",       "not",  "never",   "avoid",
                                                    "avoids",   "hate", "hates",   "dislike",
                                                    "dislikes", "don",  "without", "bad"};
constexpr std::array<std::string_view, 7> weekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

template <std::size_t n>
bool any_of(const words& said, const std::array<std::string_view, n>& known) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& each) {
        return std::find(known.begin(), known.end(), each) != known.end();
    });
}

bool says(const words& said, std::string_view word) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& each) {
        return each == word ||
               (each.size() == word.size() + 1 && each.starts_with(word) && each.back() == 's');
    });
}

}  // namespace

scheduling::slot_weights preferred_times(std::span<const std::string> remembered) {
    scheduling::slot_weights out;
    for (const auto& sentence : remembered) {
        const auto said = terms(sentence);
        const bool against = any_of(said, dislikes);
        if (!against && !any_of(said, likes)) continue;
        const double weight = against ? -1.0 : 1.0;
        if (says(said, "morning")) out.morning += weight;
        if (says(said, "afternoon")) out.afternoon += weight;
        if (says(said, "evening")) out.evening += weight;
        for (std::size_t i = 0; i < weekdays.size(); ++i)
            if (says(said, weekdays[i])) out.weekdays[i] += weight;
    }
    return out;
}

}  // namespace perin
