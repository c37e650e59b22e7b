#pragma once

#include "domain/result.hpp"
#include "runtime/clock.hpp"

#include <filesystem>
#include <string>

namespace perin::runtime {

/// The secret from which keys are derived where `PERIN_SECRET` is unset: that of the file `secret`
/// in `data`, made from `random` (256 bits, in hexadecimal) where there is none. Two programs that
/// begin at once get the same one. A file that others can read, or that is too short, is a failure:
/// it is never replaced, because what was encrypted with it would be lost.
[[nodiscard]] result<std::string> kept_secret(const std::filesystem::path& data, entropy& random);

}  // namespace perin::runtime
