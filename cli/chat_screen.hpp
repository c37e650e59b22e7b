#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace perin::cli {

/// How a conversation looks at the terminal.
class chat_screen {
  public:
    enum class style {
        /// For a person: the text as it comes, stages, tools and steps in dim lines.
        terminal,
        /// The text alone on standard output, everything else on standard error.
        text,
        /// Every event as a line of JSON.
        json,
    };

    explicit chat_screen(style how);

    /// An event frame.
    void show(const nlohmann::json& frame);
    /// A message of before, as `GET /api/conversations/<id>` gives it.
    void earlier(const nlohmann::json& message);
    /// A remark of the program itself.
    void say(const std::string& remark);
    void end_of_turn();
    /// A key that no other message bears.
    [[nodiscard]] static std::string unique_key();

  private:
    void show_text(const std::string& text);
    void show_workflow(const std::string& kind, const nlohmann::json& event);
    void aside(const std::string& line);

    style how_;
    bool colour_;
    bool in_text_ = false;
};

}  // namespace perin::cli
