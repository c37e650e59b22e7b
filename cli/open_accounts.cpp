#include "cli/open_accounts.hpp"

#include "cli/admin_client.hpp"
#include "cli/local_accounts.hpp"
#include "cli/remote_accounts.hpp"
#include "cli/run_file.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "runtime/private_file.hpp"

namespace perin::cli {

namespace {

/// What `local_accounts` refers to; a base of its own so that it is there before and after it.
struct open_database {
    std::unique_ptr<persistence::database> connection;
    runtime::system_clock clock = {};
    runtime::system_entropy random = {};
};

class database_accounts final : private open_database, public local_accounts {
  public:
    explicit database_accounts(std::unique_ptr<persistence::database> opened)
        : open_database{.connection = std::move(opened)},
          local_accounts(*connection, clock, random) {}
};

}  // namespace

std::filesystem::path database_file(const runtime::configuration& configuration) {
    return configuration.data / "perin.db";
}

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
    auto connection = persistence::open_sqlite(database_file(configuration).string(),
                                               persistence::sqlite_mode::read_write);
    if (!connection) return connection.error();
    const auto migrated = persistence::migrate(**connection, runtime::system_clock().now());
    if (!migrated) return migrated.error();
    return std::unique_ptr<account_service>(
        std::make_unique<database_accounts>(std::move(*connection)));
}

}  // namespace perin::cli
