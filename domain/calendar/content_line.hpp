#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::calendar {

struct parameter {
    /// In upper case.
    std::string name;
    std::string value;
};

/// One property of an iCalendar text (RFC 5545 section 3.1), as it stands there: its value is not
/// unescaped.
struct property {
    /// In upper case.
    std::string name;
    std::vector<parameter> parameters;
    std::string value;
    /// Where it begins, from 1.
    std::size_t line = 0;
    /// The text went on past the bound on one line.
    bool cut = false;

    /// The first parameter of a name; empty where there is none.
    [[nodiscard]] std::string_view get(std::string_view parameter_name) const;
};

/// A line with its foldings undone: well-formed UTF-8 without control characters but the tab.
struct content_line {
    std::string text;
    std::size_t line = 0;
    /// It was longer than `longest_content_line`, and this is its beginning.
    bool cut = false;
    /// Octets that are no UTF-8 were in it; U+FFFD stands in their place.
    bool repaired = false;
    /// Control characters were in it.
    bool cleaned = false;
};

inline constexpr std::size_t longest_content_line = 256 * 1024;

/// Reads an iCalendar text line by line. Lines end with CRLF or a lone LF.
class content_reader {
  public:
    /// `text` must outlive the reader.
    explicit content_reader(std::string_view text) : rest_(text) {}
    /// The next line that is not empty; nothing at the end.
    [[nodiscard]] std::optional<content_line> next();

  private:
    [[nodiscard]] std::string_view take_line();

    std::string_view rest_;
    std::size_t line_ = 0;
};

/// Takes a line apart; nothing where it has no name or no value. Parameter values are without their
/// quotes, their circumflexes read by RFC 6868.
[[nodiscard]] std::optional<property> parse_property(const content_line& line);

/// A TEXT value as it was meant (section 3.3.11).
[[nodiscard]] std::string unescaped(std::string_view value);

/// `text` as a TEXT value: no line of its own can begin in it.
[[nodiscard]] std::string escaped(std::string_view text);

/// `;NAME=value`, quoted where it must be and encoded by RFC 6868.
[[nodiscard]] std::string parameter_text(std::string_view name, std::string_view value);

/// Appends one content line, folded after 75 octets at most and never within a character.
void append_line(std::string& out, std::string_view line);

}  // namespace perin::calendar
