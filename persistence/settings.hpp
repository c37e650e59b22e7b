#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <optional>
#include <string>

namespace perin::persistence {

/// What the program itself remembers, by name. No method begins a transaction.
class settings_repository {
  public:
    explicit settings_repository(database& on) noexcept : on_(on) {}

    [[nodiscard]] result<std::optional<std::string>> find(const std::string& name);

    /// Writes it, whether it was there or not.
    result<void> put(const std::string& name, const std::string& text);

  private:
    database& on_;
};

}  // namespace perin::persistence
