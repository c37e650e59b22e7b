#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// Whether `text` is well-formed UTF-8 (Unicode table 3-7): no overlong forms, no surrogates,
/// nothing past U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// Length of the longest well-formed beginning of `text`, in bytes; `text.size()` where all of it
/// is.
[[nodiscard]] std::size_t valid_utf8_length(std::string_view text);

/// Number of code points of a well-formed text.
[[nodiscard]] std::size_t code_points(std::string_view valid_utf8);

/// The first `max_code_points` code points of a well-formed text: a view into it.
[[nodiscard]] std::string_view utf8_prefix(std::string_view valid_utf8,
                                           std::size_t max_code_points);

/// `text` with U+FFFD for each maximal part of it that is not UTF-8.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

/// Makes well-formed pieces of a stream whose chunks may end within a character, and repairs what
/// is not UTF-8 like `repaired_utf8`. All pieces together are `repaired_utf8` of all chunks
/// together.
class utf8_joiner {
  public:
    /// All of the text so far that is complete; up to 3 bytes of an unfinished character wait.
    [[nodiscard]] std::string push(std::string_view chunk);
    /// The end of the stream: U+FFFD where a character was left unfinished. The joiner is as new.
    [[nodiscard]] std::string finish();

  private:
    std::array<char, 3> held_{};
    std::size_t held_size_ = 0;
};

/// Appends `valid_utf8` as a JSON string, quotes included (RFC 8259 section 7).
void append_json_string(std::string& out, std::string_view valid_utf8);

/// Reads the words of a text one by one, for callers that keep none of them: in lower case and in
/// their order, runs of letters and digits; everything else (`_` too) splits. Latin, Greek and
/// Cyrillic letters are folded to lower case; bytes that are not UTF-8 split.
class term_reader {
  public:
    /// `text` must outlive the reader.
    explicit term_reader(std::string_view text) : rest_(text) {}
    /// Puts the next word into `word`; false, with `word` empty, where there is none.
    [[nodiscard]] bool next(std::string& word);

  private:
    std::string_view rest_;
};

/// All words of a text as `term_reader` reads them; stop words are among them.
[[nodiscard]] std::vector<std::string> terms(std::string_view text);

/// Whether a lower-case term is one of the common English words that say nothing about a subject.
[[nodiscard]] bool is_stop_word(std::string_view term);

/// `text` on one line, without control characters, up to so many code points: what a stranger wrote
/// is harmless then in a header, a title and a terminal.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t longest);

}  // namespace perin
