#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perin::net {

/// A character past U+FFFF is two escapes in JSON, such as `\ud83d\ude00`. Model services that cut
/// their text anywhere send one half in one string and the other in the next; JSON's reader takes
/// neither. Halves are kept as three octets, as UTF-8 would write them were they allowed (WTF-8).

/// A JSON text in which escapes of lone halves are written so that a reader takes them, for
/// `with_halves` to undo in the strings. Nothing where there is no lone half. Pure.
[[nodiscard]] std::optional<std::string> with_marked_halves(std::string_view json_text);

/// A string from a JSON text of `with_marked_halves`, with the halves as three octets each. Pure.
[[nodiscard]] std::string with_halves(std::string_view marked);

/// Joins halves that come in two strings of a stream. What it gives has no halves: one that stays
/// alone is U+FFFD.
class surrogate_joiner {
  public:
    /// Appends `piece` to `out`; a first half at its end waits for the next piece.
    void push(std::string_view piece, std::string& out);
    /// No more comes.
    void finish(std::string& out);

  private:
    /// The first half that waits; 0: none.
    char16_t held_ = 0;
};

}  // namespace perin::net
