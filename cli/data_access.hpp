#pragma once

#include "cli/admin_client.hpp"
#include "cli/data_hold.hpp"
#include "persistence/database.hpp"
#include "runtime/configuration.hpp"

#include <memory>
#include <optional>

namespace perin::cli {

/// The database of a configuration, for as long as a command uses it.
struct opened_data {
    std::optional<data_hold> hold;
    std::unique_ptr<persistence::database> connection;
};

/// The server that runs on the data folder, where it answers; nothing where none does.
[[nodiscard]] std::optional<admin_client> answering_server(
    const runtime::configuration& configuration);

/// The database, which is made and brought up to date.
[[nodiscard]] result<opened_data> open_data(const runtime::configuration& configuration);

}  // namespace perin::cli
