#pragma once

#include "domain/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perin::cli {

/// `run.json` in the data folder: where the running server is, for the commands beside it.
struct run_file {
    /// Base URL of the front, such as `http://127.0.0.1:3000`.
    std::string url;
    /// Base URL of the admin listener.
    std::string admin;
    int pid = 0;
    /// For the private routes of the admin listener.
    std::string token;
    std::string node;
    /// Ids of the keys that it knew when it started (`vault::known`).
    std::vector<std::string> keys = {};
    /// Whether its secret is the one of the data folder: it reads that again when it is replaced.
    bool kept_secret = false;
    friend bool operator==(const run_file&, const run_file&) = default;
};

/// Replaces the file; mode 0600, whole or not at all.
[[nodiscard]] result<void> write_run_file(const std::filesystem::path& data, const run_file& run);

/// Removes the file if it is that of `pid`: not that of a server which has started meanwhile.
void remove_run_file(const std::filesystem::path& data, int pid);

/// Nothing where there is no file, it cannot be read, or its process is dead.
[[nodiscard]] std::optional<run_file> live_run_file(const std::filesystem::path& data);

}  // namespace perin::cli
