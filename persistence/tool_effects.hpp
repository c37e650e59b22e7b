#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>

namespace perin::persistence {

/// Results of tool calls that have happened: a turn that is run again finds them here and does not
/// repeat the effect. No method begins a transaction.
class tool_effect_repository {
  public:
    explicit tool_effect_repository(database& on) noexcept : on_(on) {}

    /// The result of a call; nothing where it has not happened.
    [[nodiscard]] result<std::optional<std::string>> find(const std::string& turn_id,
                                                          const std::string& call_id);

    /// `conflict` where the call has a result.
    result<void> insert(const std::string& turn_id, const std::string& call_id,
                        const std::string& outcome, timestamp at);

    /// None is fine.
    result<void> remove_of_turn(const std::string& turn_id);

  private:
    database& on_;
};

}  // namespace perin::persistence
