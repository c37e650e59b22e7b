#include "cli/open_links.hpp"

#include "cli/data_access.hpp"
#include "cli/local_links.hpp"
#include "cli/open_calendar.hpp"
#include "cli/remote_links.hpp"

namespace perin::cli {

result<std::unique_ptr<link_service>> open_links(const runtime::configuration& configuration) {
    return open_service<link_service, remote_links, local_links>(configuration,
                                                                 public_url(configuration));
}

}  // namespace perin::cli
