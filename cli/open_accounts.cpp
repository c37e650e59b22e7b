#include "cli/open_accounts.hpp"

#include "cli/data_access.hpp"
#include "cli/local_accounts.hpp"
#include "cli/remote_accounts.hpp"

namespace perin::cli {

namespace {

/// What `local_accounts` refers to; a base of its own so that it is there before and after it.
struct open_database {
    opened_data data;
    runtime::system_clock clock = {};
    runtime::system_entropy random = {};
};

class database_accounts final : private open_database, public local_accounts {
  public:
    explicit database_accounts(opened_data opened)
        : open_database{.data = std::move(opened)},
          local_accounts(*data.connection, clock, random) {}
};

}  // namespace

result<std::unique_ptr<account_service>> open_accounts(
    const runtime::configuration& configuration) {
    if (auto server = answering_server(configuration))
        return std::unique_ptr<account_service>(
            std::make_unique<remote_accounts>(std::move(*server)));
    auto opened = open_data(configuration);
    if (!opened) return opened.error();
    return std::unique_ptr<account_service>(
        std::make_unique<database_accounts>(std::move(*opened)));
}

}  // namespace perin::cli
