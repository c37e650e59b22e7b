#pragma once

#include "domain/event.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace perin {

/// Keeps text from being read as a control token in the plain-text coat (protocol, Chat over HTTP):
/// `[[PERIN_` is written `[[` U+2060 `PERIN_`, and `[[` U+2060 with one more U+2060. A reader
/// undoes it by dropping one U+2060 after every `[[` that has one.
///
/// The text may come in any pieces, also cut within a character. A beginning of either sequence
/// waits, at most 7 bytes, until the next piece tells. One escaper a stream; not for several
/// threads.
class text_escaper {
  public:
    /// What of the text so far may be written.
    [[nodiscard]] std::string push(std::string_view text);
    /// What waits, as it is: before a token is written, and at the end. A sequence does not go on
    /// over a flush, so without a token in between it would let one through.
    [[nodiscard]] std::string flush();

  private:
    void step(std::string& out, char c);

    std::array<char, 8> held_{};
    std::size_t held_size_ = 0;
};

/// `value` for a place between the colons of a token: `%`, `:`, `[`, `]`, CR and LF are written
/// `%25`,
/// `%3A` and so on.
[[nodiscard]] std::string escape_token_value(std::string_view value);

/// `[[PERIN_NOTICE:<code>]]`
[[nodiscard]] std::string notice_token(std::string_view code);
/// `[[PERIN_ERROR:<code>:<message>]]`
[[nodiscard]] std::string error_token(std::string_view code, std::string_view message);
/// `[[PERIN_MULTI_STEP:initiated:<reasoning>:<confidence>]]`; the confidence is cut to 0..1.
[[nodiscard]] std::string initiated_token(std::string_view reasoning, double confidence);
/// `[[PERIN_MULTI_STEP:<word>]]`: `complete`, `paused`, `resumed`, `cancelled`.
[[nodiscard]] std::string multi_step_token(std::string_view word);
/// `[[PERIN_MULTI_STEP:failed:<code>]]`
[[nodiscard]] std::string multi_step_failed_token(std::string_view code);
/// `[[PERIN_STEP:start:<stepId>:<stepName>]]`
[[nodiscard]] std::string step_start_token(std::string_view step_id, std::string_view step_name);
/// `[[PERIN_STEP:end:<stepId>]]`
[[nodiscard]] std::string step_end_token(std::string_view step_id);
/// `[[PERIN_PROGRESS:<message>]]`
[[nodiscard]] std::string progress_token(std::string_view message);
/// `[[PERIN_STEP_RESULT:<stepId>:<status>]]`, with `:<result>` where there is one.
[[nodiscard]] std::string step_result_token(std::string_view step_id, std::string_view status,
                                            std::optional<std::string_view> outcome = std::nullopt);

/// The token of what is told of a workflow; empty for any other event.
[[nodiscard]] std::string token_of(const event_body& body);

/// As JSON, cut to 0..1.
[[nodiscard]] std::string confidence_number(double confidence);

}  // namespace perin
