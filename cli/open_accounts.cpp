#include "cli/open_accounts.hpp"

#include "cli/admin_client.hpp"
#include "cli/data_hold.hpp"
#include "cli/local_accounts.hpp"
#include "cli/remote_accounts.hpp"
#include "cli/run_file.hpp"
#include "persistence/migrations.hpp"
#include "runtime/private_file.hpp"

namespace perin::cli {

namespace {

/// What `local_accounts` refers to; a base of its own so that it is there before and after it.
struct open_database {
    std::optional<data_hold> hold;
    std::unique_ptr<persistence::database> connection;
    runtime::system_clock clock = {};
    runtime::system_entropy random = {};
};

class database_accounts final : private open_database, public local_accounts {
  public:
    database_accounts(std::optional<data_hold> held, std::unique_ptr<persistence::database> opened)
        : open_database{.hold = std::move(held), .connection = std::move(opened)},
          local_accounts(*connection, clock, random) {}
};

}  // namespace

result<std::unique_ptr<account_service>> open_accounts(
    const runtime::configuration& configuration) {
    if (const auto server = live_run_file(configuration.data)) {
        auto accounts = std::make_unique<remote_accounts>(admin_client(*server));
        // Its process may be another one by now, and its address another server's: then the file is
        // a dead server's.
        if (accounts->users()) return std::unique_ptr<account_service>(std::move(accounts));
    }
    if (const auto made = runtime::make_private_folder(configuration.data); !made) {
        return made.error();
    }
    auto hold = shared_use(configuration);
    if (!hold) return hold.error();
    auto connection = persistence::open_database(location_of(configuration));
    if (!connection) return connection.error();
    const auto migrated = persistence::migrate(**connection, runtime::system_clock().now());
    if (!migrated) return migrated.error();
    return std::unique_ptr<account_service>(
        std::make_unique<database_accounts>(std::move(*hold), std::move(*connection)));
}

}  // namespace perin::cli
