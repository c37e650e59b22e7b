#pragma once

#include "domain/result.hpp"

#include <filesystem>
#include <string_view>

namespace perin::runtime {

/// What to do with a file that is already there.
enum class existing_file { replace, keep };

/// Writes `content` to `path` with mode 0600: whole or not at all, on disk when it returns, never
/// visible half-written and never readable by others. With `existing_file::keep` a file that is
/// there, also one made in the meantime, is `conflict`. Missing folders are made with mode 0700.
/// The failure's detail names the file: it is for the operator, not for a client.
[[nodiscard]] result<void> write_private_file(const std::filesystem::path& path,
                                              std::string_view content, existing_file existing);

/// Removes `path`: it is gone from the disk when this returns. One that is not there is fine. Fails
/// like `write_private_file`.
[[nodiscard]] result<void> remove_private_file(const std::filesystem::path& path);

/// Makes `folder` and what is missing above it, mode 0700 each; an existing one is left as it is.
/// Fails like `write_private_file`.
[[nodiscard]] result<void> make_private_folder(const std::filesystem::path& folder);

}  // namespace perin::runtime
