#pragma once

#include "domain/model.hpp"
#include "net/openai/chat_chunk.hpp"
#include "net/openai/cut_surrogates.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin::net {

/// A whole answer, or why there is none. Neither bears the time it took.
using chat_outcome = std::variant<model_reply, model_failure>;

/// Puts the chunks of a streamed answer together. Pure.
class chat_stream {
  public:
    /// Most bytes of the text and the tool calls' arguments together.
    static constexpr std::size_t max_text = std::size_t{4} << 20;
    static constexpr std::size_t max_tool_calls = 128;

    /// Reads the data of one event: a chunk, an error object or `[DONE]`. The text that it brings
    /// is appended to `text`; it may end within a character. False: the answer has failed, for
    /// good.
    [[nodiscard]] bool read(std::string_view payload, std::string& text);

    /// `[DONE]` has come.
    [[nodiscard]] bool ended() const { return ended_; }
    /// Whether a stream that is over now is a whole answer: `[DONE]` or a finish reason has come.
    [[nodiscard]] bool complete() const { return !failure_ && (ended_ || finish_.has_value()); }

    /// The outcome, now that the stream is over. `text`: all that `read` has brought, as UTF-8.
    [[nodiscard]] chat_outcome close(std::string text) &&;

  private:
    struct assembled_call {
        std::int64_t index = 0;
        tool_call call;
        surrogate_joiner halves = {};
    };

    [[nodiscard]] bool fail(model_failure why);
    [[nodiscard]] bool apply(chat_chunk& chunk, std::string& text);
    [[nodiscard]] bool assemble(tool_call_piece& piece);
    [[nodiscard]] assembled_call* call_for(const tool_call_piece& piece);

    text_chunk_pattern pattern_;
    surrogate_joiner halves_;
    std::vector<assembled_call> calls_;
    std::optional<model_finish> finish_;
    std::optional<token_usage> usage_;
    std::optional<model_failure> failure_;
    std::size_t size_ = 0;
    bool ended_ = false;
};

/// Reads an answer that was not streamed. Pure.
[[nodiscard]] chat_outcome parse_chat_completion(std::string_view body);

}  // namespace perin::net
