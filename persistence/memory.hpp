#pragma once

#include "domain/memory.hpp"
#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace perin::persistence {

/// What Perin keeps about its users. No method begins a transaction.
class memory_repository {
  public:
    explicit memory_repository(database& on) noexcept : on_(on) {}

    /// All entries of a user, by key.
    [[nodiscard]] result<std::vector<memory_entry>> load(const std::string& user_id);

    /// Writes a new entry or replaces the whole of the one with its key. True where it is new.
    result<bool> put(const std::string& user_id, const memory_entry& entry);

    /// How many of the keys were there.
    result<std::size_t> remove(const std::string& user_id, std::span<const std::string> keys);

    /// Removes all; how many there were.
    result<std::size_t> clear(const std::string& user_id);

    /// Counts `n` more uses; an entry that is gone is passed over.
    result<void> add_uses(const std::string& user_id, const std::string& key, std::int64_t n);

  private:
    database& on_;
};

}  // namespace perin::persistence
