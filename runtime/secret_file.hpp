#pragma once

#include "domain/result.hpp"
#include "runtime/clock.hpp"
#include "runtime/configuration.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perin::runtime {

/// The secret from which keys are derived where `PERIN_SECRET` is unset: that of the file `secret`
/// in `data`, made from `random` (256 bits, in hexadecimal) where there is none. Two programs that
/// begin at once get the same one. A file that others can read, or that is too short, is a failure:
/// it is never replaced, because what was encrypted with it would be lost.
[[nodiscard]] result<std::string> kept_secret(const std::filesystem::path& data, entropy& random);

/// The secrets that keys are derived from, newest first: `PERIN_SECRET`, else the kept one; then
/// `PERIN_SECRET_PREVIOUS`, and the one that `secret_rotation` keeps beside the kept one. None
/// comes twice. Makes none: `not_found` where `PERIN_SECRET` is unset and there is no kept one.
/// Reads the files anew each time, so that a running program learns of a secret that was replaced.
[[nodiscard]] result<std::vector<std::string>> known_secrets(const configuration& settings);

/// The replacement of the kept secret by a new one. While it is under way both are there:
///
///     secret           S0      S0      S1      S1
///     secret.previous          S0      S0
///                         keep   replace  finish
///
/// so that it can be cut off at any moment: whoever comes next goes on where it stopped. One at a
/// time holds the folder, until the object or its process ends.
class secret_rotation {
  public:
    /// `conflict` where another program does the same.
    [[nodiscard]] static result<secret_rotation> begin(const std::filesystem::path& data);

    secret_rotation(secret_rotation&& other) noexcept;
    secret_rotation& operator=(secret_rotation&&) = delete;
    ~secret_rotation();

    /// Puts a new secret in place of the kept one, which stays known. False where a rotation that
    /// was cut off has done so already.
    result<bool> replace(entropy& random);

    /// Removes the old secret, if there is one: nothing may be sealed with it any more.
    result<void> finish();

  private:
    secret_rotation(std::filesystem::path data, int lock) noexcept
        : data_(std::move(data)), lock_(lock) {}

    std::filesystem::path data_;
    int lock_;
};

}  // namespace perin::runtime
