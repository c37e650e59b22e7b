#pragma once

#include "cli/admin_client.hpp"
#include "cli/data_hold.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"
#include "runtime/configuration.hpp"

#include <memory>
#include <optional>
#include <utility>

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

/// What a service on the database refers to; a base of its own so that it is there before and after
/// the service.
struct database_in_use {
    opened_data data;
    runtime::system_clock clock = {};
    runtime::system_entropy random = {};
};

/// A service on a database, and that database.
template <class Local>
class on_database final : private database_in_use, public Local {
  public:
    template <class... More>
    explicit on_database(opened_data opened, More&&... more)
        : database_in_use{.data = std::move(opened)},
          Local(*data.connection, clock, random, std::forward<More>(more)...) {}
};

/// The service of the server that runs on the data folder, where it answers; else one on the
/// database there, which is made and brought up to date. `more` is what that one takes besides the
/// database, the clock and the entropy.
template <class Service, class Remote, class Local, class... More>
[[nodiscard]] result<std::unique_ptr<Service>> open_service(
    const runtime::configuration& configuration, More&&... more) {
    if (auto server = answering_server(configuration))
        return std::unique_ptr<Service>(std::make_unique<Remote>(std::move(*server)));
    auto opened = open_data(configuration);
    if (!opened) return opened.error();
    return std::unique_ptr<Service>(
        std::make_unique<on_database<Local>>(std::move(*opened), std::forward<More>(more)...));
}

}  // namespace perin::cli
