#pragma once

#include "runtime/configuration.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perin::runtime {

/// How the text of a setting is read. `days`, `seconds` and `milliseconds` take fractions.
enum class setting_kind {
    text,
    secret,
    path,
    toggle,
    choice,
    count,
    days,
    seconds,
    milliseconds,
    endpoint,
    http_url,
    smtp_url,
    origins,
    /// Names in their order, separated by commas.
    names,
    /// `tool=policy`, separated by commas.
    approvals,
};

/// Where a setting lies in `configuration`; its type goes with the kind.
using setting_field =
    std::variant<std::string configuration::*, std::filesystem::path configuration::*,
                 bool configuration::*, std::uint64_t configuration::*,
                 std::chrono::milliseconds configuration::*, endpoint configuration::*,
                 std::vector<std::string> configuration::*>;

/// One row of the table of everything that can be configured.
struct setting {
    /// The environment variable.
    std::string_view name;
    /// The key in the TOML file: the variable in lower case, without `PERIN_`.
    std::string_view key;
    setting_kind kind = setting_kind::text;
    setting_field field;
    /// Text of the default; empty: unset, or worked out from the surroundings.
    std::string_view fallback = {};
    /// One line for people.
    std::string_view help = {};
    /// Bounds, both allowed, in the setting's own unit; for a text, of its length in bytes.
    double least = 0;
    double most = 0;
    /// Words of a `choice`, separated by `|`.
    std::string_view choices = {};

    /// Never printed; may also come from the file that `NAME_FILE` (or `key_file`) names. The URL
    /// of a mail server bears its password.
    [[nodiscard]] constexpr bool secret() const {
        return kind == setting_kind::secret || kind == setting_kind::smtp_url;
    }
};

/// Every setting, in the order in which people are shown them.
[[nodiscard]] std::span<const setting> settings();

/// Reads `text` as `row` says and stores it. The failure's detail says what is allowed; it holds no
/// value of a secret. Pure.
[[nodiscard]] result<void> store(configuration& into, const setting& row, const std::string& text);

/// `text` as host and port: `127.0.0.1:3000`, `localhost:0`, `[::1]:3000`.
[[nodiscard]] std::optional<endpoint> endpoint_of(std::string_view text);

/// Whether only this machine can reach a listener on `host`.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace perin::runtime
