#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace perin::cli {

/// Reads lines from a person, with editing and a history that is kept in a file (mode 0600); plain
/// lines where standard input is no terminal.
class line_editor {
  public:
    explicit line_editor(std::filesystem::path history);
    ~line_editor();

    /// The next line without its end; nothing at the end of the input. Ctrl-C empties the line.
    [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

  private:
    struct editing;
    std::unique_ptr<editing> editing_;
};

}  // namespace perin::cli
