#include "persistence/vault/vault.hpp"

#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace perin::persistence {

namespace {

/// No envelope of `most_sealed_octets` is longer.
constexpr std::size_t most_text = (most_sealed_octets + 64) / 3 * 4 + 64;

/// Null where there is none of this id.
std::shared_ptr<const vault_key> key_of(std::span<const std::shared_ptr<const vault_key>> keys,
                                        std::string_view id) {
    const auto found =
        std::ranges::find_if(keys, [&](const auto& each) { return each->id() == id; });
    return found == keys.end() ? nullptr : *found;
}

}  // namespace

void fill_randomly(std::span<std::uint8_t> out) {
    static const bool begun = ::sodium_init() >= 0;
    if (!begun) throw std::runtime_error("libsodium cannot be initialised");
    ::randombytes_buf(out.data(), out.size());
}

failure failure_of(seal_flaw flaw) {
    if (flaw == seal_flaw::unknown_secret) {
        return {error_code::unavailable, "the secret that this was sealed with is not known"};
    }
    return {error_code::internal, "a sealed value is damaged, or of another row"};
}

result<std::shared_ptr<vault>> vault::make(std::string purpose, secret_source secrets,
                                           random_source random) {
    const std::shared_ptr<vault> made(
        new vault(std::move(purpose), std::move(secrets), std::move(random)));
    if (const auto read = made->read_secrets(); !read) return read.error();
    return made;
}

result<void> vault::read_secrets() {
    auto secrets = secrets_();
    if (!secrets) return secrets.error();
    std::vector<key> found;
    result<void> derived;
    for (std::string& secret : *secrets) {
        auto fresh = derived ? vault_key::derive(secret, purpose_)
                             : result<std::shared_ptr<const vault_key>>(derived.error());
        OPENSSL_cleanse(secret.data(), secret.size());
        if (!fresh) {
            derived = fresh.error();
        } else if (!key_of(found, (*fresh)->id())) {
            found.push_back(std::move(*fresh));
        }
    }
    if (!derived) return derived;
    if (found.empty()) return failure{error_code::internal, "there is no secret to seal with"};
    const std::lock_guard locked(guard_);
    for (const key& known : keys_) {
        if (!key_of(found, known->id())) found.push_back(known);
    }
    keys_ = std::move(found);
    return {};
}

std::string vault::newest() const {
    const std::lock_guard locked(guard_);
    return keys_.front()->id();
}

std::vector<std::string> vault::known() const {
    const std::lock_guard locked(guard_);
    std::vector<std::string> ids;
    for (const key& each : keys_) ids.push_back(each->id());
    return ids;
}

bool vault::knows(std::string_view key_id) {
    const auto found = find(key_id);
    return found && *found != nullptr;
}

vault::key vault::held(std::string_view key_id) const {
    const std::lock_guard locked(guard_);
    return key_of(keys_, key_id);
}

result<vault::key> vault::find(std::string_view key_id) {
    if (auto found = held(key_id)) return found;
    // Why is for the operator, who is told when the program starts.
    if (!read_secrets()) {
        return failure{error_code::unavailable, "the secrets cannot be read"};
    }
    return held(key_id);
}

result<std::string> vault::seal(std::string_view key_id, const sealed_place& place,
                                std::string_view plain) {
    if (plain.size() > most_sealed_octets) {
        return failure{error_code::invalid_request, "a value is too long to be sealed"};
    }
    const auto with = find(key_id);
    if (!with) return with.error();
    if (*with == nullptr) return failure_of(seal_flaw::unknown_secret);
    std::array<std::uint8_t, cipher_nonce_octets> nonce{};
    random_(nonce);
    auto sealed =
        encrypt((*with)->octets(), nonce, associated_data(key_id, purpose_, place), plain);
    if (!sealed) return sealed.error();
    return to_text({.key_id = std::string(key_id),
                    .nonce = std::string(nonce.begin(), nonce.end()),
                    .sealed = std::move(*sealed)});
}

result<std::string> vault::open(const sealed_place& place, std::string_view text) {
    auto found = inspect(place, text);
    if (!found) return found.error();
    if (const auto* flaw = std::get_if<seal_flaw>(&*found)) return failure_of(*flaw);
    return std::get<std::string>(std::move(*found));
}

result<unsealed> vault::inspect(const sealed_place& place, std::string_view text) {
    const auto from = text.size() > most_text ? std::nullopt : envelope_of(text);
    if (!from) return unsealed(seal_flaw::damaged);
    const auto with = find(from->key_id);
    if (!with) return with.error();
    if (*with == nullptr) return unsealed(seal_flaw::unknown_secret);
    std::array<std::uint8_t, cipher_nonce_octets> nonce{};
    std::ranges::copy(from->nonce, nonce.begin());
    auto plain = decrypt((*with)->octets(), nonce, associated_data(from->key_id, purpose_, place),
                         from->sealed);
    if (!plain) return plain.error();
    if (!*plain) return unsealed(seal_flaw::damaged);
    return unsealed(std::move(**plain));
}

}  // namespace perin::persistence
