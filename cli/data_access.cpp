#include "cli/data_access.hpp"

#include "cli/database_location.hpp"
#include "cli/remote_accounts.hpp"
#include "cli/run_file.hpp"
#include "persistence/migrations.hpp"
#include "runtime/clock.hpp"
#include "runtime/private_file.hpp"

namespace perin::cli {

std::optional<admin_client> answering_server(const runtime::configuration& configuration) {
    const auto server = live_run_file(configuration.data);
    if (!server) return {};
    const admin_client client(*server);
    // Its process may be another one by now, and its address another server's: then the file is a
    // dead server's.
    if (!remote_accounts(client).users()) return {};
    return client;
}

result<opened_data> open_data(const runtime::configuration& configuration) {
    if (const auto made = runtime::make_private_folder(configuration.data); !made) {
        return made.error();
    }
    auto hold = shared_use(configuration);
    if (!hold) return hold.error();
    auto connection = persistence::open_database(location_of(configuration));
    if (!connection) return connection.error();
    const auto migrated = persistence::migrate(**connection, runtime::system_clock().now());
    if (!migrated) return migrated.error();
    return opened_data{.hold = std::move(*hold), .connection = std::move(*connection)};
}

}  // namespace perin::cli
