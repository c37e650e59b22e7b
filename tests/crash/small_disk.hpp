#pragma once

#include <filesystem>

namespace perin::test {

/// What a child says of itself that could not do the below.
inline constexpr auto cannot_mount = "cannot mount";

/// Puts a file system of this process and its children alone at a folder, with the options of
/// tmpfs(5). Who is not root becomes it in a world of their own, where the kernel lets them
/// (user_namespaces(7)). False where it does not.
[[nodiscard]] bool mount_small(const std::filesystem::path& at, const char* options);

}  // namespace perin::test
