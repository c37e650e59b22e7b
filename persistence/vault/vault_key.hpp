#pragma once

#include "domain/result.hpp"
#include "persistence/vault/cipher.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace perin::persistence {

/// The key of one secret for one purpose. It is wiped when it goes, and can neither be copied nor
/// moved nor printed: pass a pointer.
class vault_key {
  public:
    /// HKDF-SHA256 of the secret, with the purpose and the version of the envelope as its info:
    /// keys of different purposes tell nothing of each other, nor of the secret.
    [[nodiscard]] static result<std::shared_ptr<const vault_key>> derive(std::string_view secret,
                                                                         std::string_view purpose);

    vault_key(const vault_key&) = delete;
    vault_key& operator=(const vault_key&) = delete;
    ~vault_key();

    /// The first 64 bits of a hash of the key, in base64url: names the key, and tells nothing of
    /// it.
    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] cipher_key octets() const noexcept { return octets_; }

  private:
    vault_key() = default;

    std::array<std::uint8_t, cipher_key_octets> octets_{};
    std::string id_;
};

}  // namespace perin::persistence
