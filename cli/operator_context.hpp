#pragma once

#include "cli/console.hpp"
#include "cli/data_hold.hpp"
#include "cli/exit_code.hpp"
#include "domain/time.hpp"
#include "persistence/open_database.hpp"
#include "runtime/configuration.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>

namespace perin::cli {

/// What the commands on the database as a whole work with.
struct operator_context {
    const runtime::configuration& configuration;
    console& at;
    timestamp now;
    bool json = false;
    bool yes = false;
};

/// Prints what was done: `answer` where JSON is wanted, else `text`.
exit_code say(const operator_context& with, const nlohmann::json& answer, const std::string& text);

/// A line beside what was asked for, on standard error.
void note(const operator_context& with, const std::string& text);

/// Asks, unless `yes`. Nothing: go on. Else how to end, which it has said.
[[nodiscard]] std::optional<exit_code> doubt(const operator_context& with,
                                             const std::string& question);

/// A connection that writes nothing, to the database at a place; `not_found` where there is none.
[[nodiscard]] result<std::unique_ptr<persistence::database>> open_existing(
    const persistence::database_location& at);

/// The data folder, which is made where it is missing, without anyone else who uses its database.
/// `conflict` where a server or a command does.
[[nodiscard]] result<data_hold> exclusive_use(const runtime::configuration& configuration);

/// `conflict` where other programs of ours are connected to this PostgreSQL database; nobody is to
/// one of SQLite's that `exclusive_use` holds.
[[nodiscard]] result<void> require_alone(persistence::database& on);

}  // namespace perin::cli
