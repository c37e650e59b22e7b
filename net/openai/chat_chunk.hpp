#pragma once

#include "domain/model.hpp"
#include "net/openai/error_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::net {

/// A part of a tool call, or all of it.
struct tool_call_piece {
    /// The call it belongs to; compatible servers may leave it out.
    std::optional<std::int64_t> index = {};
    std::string id = {};
    std::string name = {};
    std::string arguments = {};
};

/// What we read of a `chat.completion.chunk` or a `chat.completion`. One answer is asked for, so
/// only the first choice counts.
struct chat_chunk {
    std::string text = {};
    std::vector<tool_call_piece> calls = {};
    std::optional<model_finish> finish = {};
    std::optional<token_usage> usage = {};
    std::optional<upstream_error> error = {};
    /// How many strings the text was put together from, and how many of them were a `content`.
    std::size_t texts = 0;
    std::size_t contents = 0;

    /// The text is the one `content`, and there is nothing else that counts.
    [[nodiscard]] bool only_content() const {
        return calls.empty() && !finish && !usage && !error && texts == 1 && contents == 1;
    }
};

/// Reads one JSON text; unknown fields are ignored. Nothing where it is not a JSON object or nested
/// deeper than 64. What is not UTF-8 in it is repaired first. The text and the arguments of calls
/// may have halves of characters, for a `surrogate_joiner`. Pure.
[[nodiscard]] std::optional<chat_chunk> read_chat_chunk(std::string_view payload);

/// The chunks of a stream differ in nothing but their text, as a rule. From one chunk that was
/// parsed, this knows the next ones without parsing them: what stands before the text and after it
/// is the same, and a text without quote, backslash or control character cannot end its string
/// early.
class text_chunk_pattern {
  public:
    /// Learns from a payload that was read as `chunk`, if it is one to learn from.
    void learn(std::string_view payload, const chat_chunk& chunk);
    /// The text of a payload of that pattern, a view into it.
    [[nodiscard]] std::optional<std::string_view> match(std::string_view payload) const;

  private:
    std::string before_;
    std::string after_;
};

}  // namespace perin::net
