#include "persistence/vault/cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <limits>
#include <memory>

namespace perin::persistence {

namespace {

struct free_kdf {
    void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

/// Freeing it wipes the key's schedule.
struct free_cipher {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using cipher_handle = std::unique_ptr<EVP_CIPHER_CTX, free_cipher>;

failure library_failed() { return {error_code::internal, "the cryptography library failed"}; }

const unsigned char* octets_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* octets_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// The library counts in `int`.
bool countable(std::string_view text) {
    return text.size() <= std::numeric_limits<int>::max() - cipher_tag_octets;
}

OSSL_PARAM octet_parameter(const char* name, std::string_view text) {
    // Parameters are not const in the library's type; it only reads them.
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(text.data()), text.size());
}

}  // namespace

result<void> hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                         std::span<std::uint8_t> out) {
    const std::unique_ptr<EVP_KDF, free_kdf> kdf(
        EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
    if (!kdf) return library_failed();
    const std::unique_ptr<EVP_KDF_CTX, free_kdf> context(EVP_KDF_CTX_new(kdf.get()));
    if (!context) return library_failed();
    std::string digest = "SHA256";
    std::array<OSSL_PARAM, 5> parameters{};
    std::size_t count = 0;
    parameters.at(count++) =
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size());
    parameters.at(count++) = octet_parameter(OSSL_KDF_PARAM_KEY, secret);
    // One that is left out is empty: for the salt that is what RFC 5869 says of "not provided".
    if (!salt.empty()) parameters.at(count++) = octet_parameter(OSSL_KDF_PARAM_SALT, salt);
    if (!info.empty()) parameters.at(count++) = octet_parameter(OSSL_KDF_PARAM_INFO, info);
    parameters.at(count) = OSSL_PARAM_construct_end();
    if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) != 1) {
        return library_failed();
    }
    return {};
}

result<std::string> encrypt(cipher_key key, cipher_nonce nonce, std::string_view associated,
                            std::string_view plain) {
    if (!countable(associated) || !countable(plain)) {
        return failure{error_code::invalid_request, "a value is too long to be sealed"};
    }
    const cipher_handle context(EVP_CIPHER_CTX_new());
    std::string sealed(plain.size() + cipher_tag_octets, '\0');
    int length = 0;
    const bool done =
        context != nullptr &&
        // The nonce's length of this mode is 96 bits unless it is told otherwise.
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
            1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &length, octets_of(associated),
                          static_cast<int>(associated.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), octets_of(sealed), &length, octets_of(plain),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), octets_of(sealed) + plain.size(), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, cipher_tag_octets,
                            octets_of(sealed) + plain.size()) == 1;
    if (!done) return library_failed();
    return sealed;
}

result<std::optional<std::string>> decrypt(cipher_key key, cipher_nonce nonce,
                                           std::string_view associated, std::string_view sealed) {
    using answer = std::optional<std::string>;
    if (sealed.size() < cipher_tag_octets || !countable(associated) || !countable(sealed)) {
        return answer();
    }
    const auto encrypted = sealed.substr(0, sealed.size() - cipher_tag_octets);
    std::string tag(sealed.substr(encrypted.size()));
    const cipher_handle context(EVP_CIPHER_CTX_new());
    std::string plain(encrypted.size(), '\0');
    // The last step may need room for its terminator only; the library writes nothing there.
    std::array<unsigned char, cipher_tag_octets> rest{};
    int length = 0;
    const bool begun =
        context != nullptr &&
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
            1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &length, octets_of(associated),
                          static_cast<int>(associated.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), octets_of(plain), &length, octets_of(encrypted),
                          static_cast<int>(encrypted.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, cipher_tag_octets,
                            octets_of(tag)) == 1;
    if (begun && EVP_DecryptFinal_ex(context.get(), rest.data(), &length) == 1) {
        return answer(std::move(plain));
    }
    // Nobody sees what no tag vouches for.
    OPENSSL_cleanse(plain.data(), plain.size());
    if (!begun) return library_failed();
    return answer();
}

}  // namespace perin::persistence
