#pragma once

#include "domain/offline_assistant.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace perin::offline_world {

/// Tuesday, 1 December 2026, 14:20 in Vienna.
[[nodiscard]] model_request request_of(std::vector<chat_message> messages);

/// The tools of notes, calendar and notifications, with no schema.
[[nodiscard]] std::vector<tool_definition> all_tools();

/// A conversation with the offline assistant as the turns have it: the planner's call, the tool's
/// result, the responder's call.
class talk {
  public:
    /// Says something; the call that the planner asks for, or an empty one where it asks for none:
    /// then it is answered. A call is made only where the turn would have tools.
    tool_call say(const std::string& text);

    /// The answer to what was said, after this result of its call.
    const std::string& result(const nlohmann::json& told);

    [[nodiscard]] const std::string& answer() const { return answer_; }
    [[nodiscard]] const std::vector<chat_message>& history() const { return history_; }

    /// What the next requests bear beside the messages.
    assistant_context context = request_of({}).context;

  private:
    void answered(std::vector<chat_message> messages);

    std::vector<chat_message> history_;
    std::string said_;
    tool_call call_;
    std::string answer_;
};

/// The arguments of a call.
[[nodiscard]] nlohmann::json arguments_of(const tool_call& call);

/// A slot, or with a title an event, on the clock of Vienna in winter: `2026-12-02T12:00`.
[[nodiscard]] nlohmann::json slot(std::string_view start, std::string_view end,
                                  std::string_view title = "");

}  // namespace perin::offline_world
