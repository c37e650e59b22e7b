#pragma once

#include "domain/result.hpp"
#include "persistence/vault/envelope.hpp"
#include "persistence/vault/vault_key.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin::persistence {

/// The secrets that are known now, newest first, at least one. May read files.
using secret_source = std::function<result<std::vector<std::string>>()>;

/// Fills with unpredictable octets.
using random_source = std::function<void(std::span<std::uint8_t>)>;

/// The kernel's random generator.
void fill_randomly(std::span<std::uint8_t> out);

/// Why a sealed value cannot be opened.
enum class seal_flaw {
    /// None of the secrets that are known sealed it.
    unknown_secret,
    /// It was changed, is of another row, column or purpose, or is no sealed value at all.
    damaged,
};

/// What a seal held, or why it cannot be told.
using unsealed = std::variant<std::string, seal_flaw>;

/// The failure that a flaw is to who wanted the value: `unavailable` or `internal`.
[[nodiscard]] failure failure_of(seal_flaw flaw);

/// The longest value that is sealed, in octets.
inline constexpr std::size_t most_sealed_octets = 1024 * 1024;

/// Seals values of one purpose for the database, with AES-256-GCM under keys derived from the
/// secrets (docs/decisions/0010). Several secrets may be known: all of them open, and the caller
/// says which one seals (`sealing_key.hpp`). Meeting a key that it does not know, it asks for the
/// secrets anew, so that they can be replaced under a running program. Thread-safe.
///
/// Every value gets a random nonce of 96 bits. Two of the same under one key would give both values
/// away, so a key seals at most 2^32 values (NIST SP 800-38D section 8.3: the chance of that is
/// then below 2^-32); `sealing_key_repository` counts them.
class vault {
  public:
    /// Fails like `secrets`.
    [[nodiscard]] static result<std::shared_ptr<vault>> make(std::string purpose,
                                                             secret_source secrets,
                                                             random_source random = fill_randomly);

    /// The id of the newest secret's key.
    [[nodiscard]] std::string newest() const;
    /// The ids of all keys, the newest first.
    [[nodiscard]] std::vector<std::string> known() const;
    /// Whether it has this key; asks for the secrets anew where it has not.
    [[nodiscard]] bool knows(std::string_view key_id);

    /// Seals a value for its place. `unavailable` where the key is not known, `invalid_request`
    /// where the value is too long.
    [[nodiscard]] result<std::string> seal(std::string_view key_id, const sealed_place& place,
                                           std::string_view plain);

    /// What `seal` was given for the same place. Fails like `failure_of`.
    [[nodiscard]] result<std::string> open(const sealed_place& place, std::string_view text);

    /// The same where a flaw is no failure. Fails only where the secrets cannot be read again, or
    /// the library fails: nothing is known of the value then.
    [[nodiscard]] result<unsealed> inspect(const sealed_place& place, std::string_view text);

    [[nodiscard]] const std::string& purpose() const noexcept { return purpose_; }

  private:
    using key = std::shared_ptr<const vault_key>;

    vault(std::string purpose, secret_source secrets, random_source random)
        : purpose_(std::move(purpose)), secrets_(std::move(secrets)), random_(std::move(random)) {}

    /// Null where it is not known.
    [[nodiscard]] key held(std::string_view key_id) const;
    /// The same, after another look at the secrets where that is needed.
    [[nodiscard]] result<key> find(std::string_view key_id);
    result<void> read_secrets();

    const std::string purpose_;
    const secret_source secrets_;
    const random_source random_;
    mutable std::mutex guard_;
    /// Newest first. A secret that was known once stays so: a value may be on its way from a row
    /// that has been sealed again meanwhile.
    std::vector<key> keys_;
};

}  // namespace perin::persistence
