#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace perin::offline {

/// What a user said, without greeting, address, politeness and final punctuation.
struct utterance {
    /// Well-formed UTF-8, white space made single spaces, typographic apostrophes made plain.
    std::string plain;
    /// `plain` with ASCII letters in lower case: the same bytes at the same places.
    std::string lower;
    /// It ended with a question mark.
    bool asks = false;
    /// It was or began with a greeting.
    bool greets = false;
};

/// Reads any bytes; linear. `name` is what the assistant is called, for "Perin, what time is it?".
[[nodiscard]] utterance read_utterance(std::string_view text, std::string_view name);

/// `text` with ASCII letters in lower case.
[[nodiscard]] std::string lower_case(std::string_view text);

/// `text` without spaces and the bytes of `also` at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text, std::string_view also = "");

/// What follows the first of these beginnings; nothing where `text` has none of them.
[[nodiscard]] std::optional<std::string_view> after_any(
    std::string_view text, std::initializer_list<std::string_view> beginnings);

[[nodiscard]] bool is_any(std::string_view text, std::initializer_list<std::string_view> all);

/// `text` in typographic quotes, shortened to 80 characters, on one line.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace perin::offline
