#include "persistence/credentials.hpp"

#include <sodium.h>

#include <array>
#include <new>
#include <stdexcept>

namespace perin::persistence {

namespace {

// "Interactive" of libsodium: 64 MiB and 2 passes, above what OWASP's password storage cheat sheet
// asks of Argon2id at the least (19 MiB and 2 passes).
constexpr auto passes = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr auto memory = crypto_pwhash_MEMLIMIT_INTERACTIVE;

/// libsodium asks to be begun before its first use, in any thread and any number of times.
void begin_sodium() {
    static const bool begun = ::sodium_init() >= 0;
    if (!begun) throw std::runtime_error("libsodium cannot be initialised");
}

}  // namespace

std::string hash_password(std::string_view password) {
    begin_sodium();
    std::array<char, crypto_pwhash_STRBYTES> out{};
    const int failed = ::crypto_pwhash_str_alg(out.data(), password.data(), password.size(), passes,
                                               memory, crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) throw std::bad_alloc();
    return out.data();
}

bool verify_password(const std::string& hash, std::string_view password) {
    begin_sodium();
    // libsodium reads the hash up to its terminator; a longer one is none of ours.
    if (hash.size() >= crypto_pwhash_STRBYTES) return false;
    return ::crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

const std::string& dummy_password_hash() {
    static const std::string hash = hash_password(new_token(""));
    return hash;
}

std::string new_token(std::string_view prefix) {
    begin_sodium();
    std::array<unsigned char, 32> octets{};
    ::randombytes_buf(octets.data(), octets.size());
    constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::array<char, sodium_base64_ENCODED_LEN(octets.size(), variant)> text{};
    ::sodium_bin2base64(text.data(), text.size(), octets.data(), octets.size(), variant);
    return std::string(prefix) + text.data();
}

// A slow hash protects what a person can remember, and so an attacker can guess. 256 random bits
// cannot be guessed at any speed, and a fast hash lets a token be checked on every request.
std::string token_hash(std::string_view token) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    ::crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(token.data()),
                         token.size());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> text{};
    ::sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    return text.data();
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace perin::persistence
