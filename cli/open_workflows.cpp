#include "cli/open_workflows.hpp"

#include "cli/data_access.hpp"
#include "cli/local_workflows.hpp"
#include "cli/remote_workflows.hpp"

namespace perin::cli {

result<std::unique_ptr<workflow_service>> open_workflows(
    const runtime::configuration& configuration) {
    return open_service<workflow_service, remote_workflows, local_workflows>(configuration);
}

}  // namespace perin::cli
