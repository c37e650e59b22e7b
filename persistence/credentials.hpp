#pragma once

#include <string>
#include <string_view>

namespace perin::persistence {

/// A password as it is kept: Argon2id with its parameters and salt in the text. Takes some tens of
/// milliseconds of a core and 64 MiB on purpose: call it off the threads that serve others. Throws
/// `std::bad_alloc` where that memory is not there. Thread-safe.
[[nodiscard]] std::string hash_password(std::string_view password);

/// Whether `hash` is of `password`. As slow as `hash_password`; false for a hash that is not one.
[[nodiscard]] bool verify_password(const std::string& hash, std::string_view password);

/// The hash of a password that nobody has, made once with the parameters of `hash_password`. A
/// login of an unknown user verifies against it, so that the time taken does not tell who has an
/// account.
[[nodiscard]] const std::string& dummy_password_hash();

/// `prefix` (such as `prn_`) and 256 random bits in base64url without padding (RFC 4648 section 5).
[[nodiscard]] std::string new_token(std::string_view prefix);

/// SHA-256 of a token in lower-case hexadecimal: what is kept of it, and looked up by.
[[nodiscard]] std::string token_hash(std::string_view token);

/// Whether two texts are the same, in a time that depends on their lengths only.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace perin::persistence
