#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "persistence/vault/vault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perin::persistence {

/// The key that seals, and how much it has sealed.
struct sealing_key {
    std::string id;
    std::uint64_t sealed = 0;
    friend bool operator==(const sealing_key&, const sealing_key&) = default;
};

/// The most values that one key seals: see `vault`.
inline constexpr std::uint64_t most_seals_of_a_key = std::uint64_t{1} << 32U;

/// Which of the keys of a purpose seals is the database's word, not a program's: programs that were
/// given the secrets at different times agree on it, and none seals with a key that has been
/// replaced. No method begins a transaction.
class sealing_key_repository {
  public:
    sealing_key_repository(database& on, std::string_view purpose);

    /// Nothing where nothing was ever sealed.
    [[nodiscard]] result<std::optional<sealing_key>> find();

    /// The key with which to seal `count` values, which are counted; where there is none yet, the
    /// newest of `keys`. `unavailable` where `keys` does not have it, or it has sealed as many
    /// values as it may. Needs a transaction around it, in which the values are written: until its
    /// end the key is not replaced.
    [[nodiscard]] result<std::string> claim(vault& keys, std::uint64_t count);

    /// From now on another key seals. Waits for the transactions that have claimed the old one:
    /// what they wrote is there when this returns. Needs a transaction around it.
    result<void> replace(const std::string& key_id);

  private:
    /// The key, held until the transaction's end; `otherwise` where there was none.
    [[nodiscard]] result<sealing_key> hold(const std::string& otherwise);
    result<void> put(const sealing_key& key);

    database& on_;
    const std::string name_;
};

}  // namespace perin::persistence
