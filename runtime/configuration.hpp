#pragma once

#include "domain/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::runtime {

/// An address to listen on. An IPv6 host is without its brackets; port 0 takes any free port.
struct endpoint {
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// `host:port`, with brackets around an IPv6 host.
[[nodiscard]] std::string to_string(const endpoint& at);

enum class setting_source { fallback, file, environment };

/// `default`, `file` or `environment`.
[[nodiscard]] const char* to_string(setting_source source) noexcept;

/// A setting as people are shown it.
struct shown_setting {
    std::string name;
    std::string key;
    /// The effective text; `(set)` or `(unset)` for a secret, empty for what is unset.
    std::string value;
    setting_source source = setting_source::fallback;
    friend bool operator==(const shown_setting&, const shown_setting&) = default;
};

/// Everything that can be configured, read once at start and never changed. An empty string is
/// "unset". The meaning, bounds and default of each field stand in the table of `settings.cpp`.
struct configuration {
    endpoint listen;
    endpoint admin_listen;
    /// Without a trailing slash. Unset: the front's address, known once it listens.
    std::string url;
    std::filesystem::path data;
    std::string node;
    std::string database_url;
    /// Unset: the one kept in `data`, see `secret_file.hpp`.
    std::string secret;
    /// The one before, while what it sealed is sealed again.
    std::string secret_previous;
    std::filesystem::path tls_certificate;
    std::filesystem::path tls_key;
    std::vector<std::string> cors_origins;
    bool limits = true;
    std::uint64_t max_connections = 0;
    /// 0: chosen from the number of cores.
    std::uint64_t io_threads = 0;
    /// Conversations kept in memory at most.
    std::uint64_t max_resident = 0;
    std::chrono::milliseconds passivate{};
    /// What is over is kept for so long; 0: for ever.
    std::chrono::milliseconds keep_conversations{};
    std::chrono::milliseconds keep_workflows{};
    std::chrono::milliseconds keep_bookings{};
    std::chrono::milliseconds keep_notifications{};
    /// From one round through what may go to the next.
    std::chrono::milliseconds prune_every{};
    std::chrono::milliseconds drain{};

    std::string openai_api_key;
    std::string openai_base_url;
    std::string model;
    /// Asked in this order; empty: only `model`.
    std::vector<std::string> models;
    /// Tokens.
    std::uint64_t model_window = 0;
    /// `tool=always`, `tool=external` or `tool=never`: which calls their user approves first.
    std::vector<std::string> tool_approval;
    /// Tokens; 0: not limited by us.
    std::uint64_t model_max_tokens = 0;
    std::chrono::milliseconds model_connect{};
    std::chrono::milliseconds model_first{};
    std::chrono::milliseconds model_idle{};
    std::chrono::milliseconds model_call{};
    std::chrono::milliseconds turn{};
    std::chrono::milliseconds patience{};
    std::chrono::milliseconds retry_base{};
    /// Neither a key nor a base URL was given: the built-in assistant answers.
    bool offline = true;

    std::string google_client_id;
    std::string google_client_secret;
    std::string google_base_url;
    std::string smtp_url;
    std::string mail_from;

    std::string log_level;
    std::string log_format;
    bool debug_ai = false;
    std::string crash_at;

    /// Every setting in the order of the table, fit to be printed.
    std::vector<shown_setting> shown;
};

/// What configuration depends on besides the file, injected for tests.
struct surroundings {
    std::map<std::string, std::string> environment;
    std::string host_name;
    /// Content of the file that a `NAME_FILE` names; nothing where it cannot be read.
    std::function<std::optional<std::string>(const std::string& path)> read_file;
};

/// The configuration of a file's text (none: as if empty) with the environment over it. An unknown
/// key, an unknown `PERIN_*` variable and a bad value are `invalid_request`, with the name as it
/// was written in `parameter`. A variable that is empty is as if unset. Pure but for `read_file`.
[[nodiscard]] result<configuration> parse_configuration(const std::optional<std::string>& text,
                                                        const surroundings& around);

/// `parse_configuration` of `file`, else of the file that `PERIN_CONFIG` names, else of
/// `perin.toml` in `PERIN_DATA` where there is one. A file that was named and cannot be read is a
/// failure. Reads files; nothing is created.
[[nodiscard]] result<configuration> load_configuration(
    const std::optional<std::string>& file, const std::map<std::string, std::string>& environment);

/// The environment of this program.
[[nodiscard]] std::map<std::string, std::string> system_environment();

}  // namespace perin::runtime
