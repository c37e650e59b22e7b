#include "persistence/vault/vault_key.hpp"

#include "persistence/vault/envelope.hpp"

#include <openssl/crypto.h>
#include <sodium.h>

namespace perin::persistence {

namespace {

/// The texts go into the hashes: another one makes other keys, or other names of keys.
constexpr std::string_view key_info = "perin vault v1: ";
constexpr std::string_view id_info = "perin vault v1 key id: ";
constexpr std::size_t id_octets = 8;

std::string id_of(cipher_key key) {
    crypto_hash_sha256_state state;
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    ::crypto_hash_sha256_init(&state);
    ::crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(id_info.data()),
                                id_info.size());
    ::crypto_hash_sha256_update(&state, key.data(), key.size());
    ::crypto_hash_sha256_final(&state, digest.data());
    OPENSSL_cleanse(&state, sizeof state);
    return to_base64url({reinterpret_cast<const char*>(digest.data()), id_octets});
}

}  // namespace

result<std::shared_ptr<const vault_key>> vault_key::derive(std::string_view secret,
                                                           std::string_view purpose) {
    const std::shared_ptr<vault_key> made(new vault_key);
    const auto derived =
        hkdf_sha256(secret, {}, std::string(key_info) + std::string(purpose), made->octets_);
    if (!derived) return derived.error();
    made->id_ = id_of(made->octets_);
    return std::shared_ptr<const vault_key>(made);
}

vault_key::~vault_key() { OPENSSL_cleanse(octets_.data(), octets_.size()); }

}  // namespace perin::persistence
