#include "cli/open_accounts.hpp"

#include "cli/data_access.hpp"
#include "cli/local_accounts.hpp"
#include "cli/remote_accounts.hpp"

namespace perin::cli {

result<std::unique_ptr<account_service>> open_accounts(
    const runtime::configuration& configuration) {
    return open_service<account_service, remote_accounts, local_accounts>(configuration);
}

}  // namespace perin::cli
