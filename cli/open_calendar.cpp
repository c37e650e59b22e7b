#include "cli/open_calendar.hpp"

#include "cli/data_access.hpp"
#include "cli/local_calendar.hpp"
#include "cli/remote_calendar.hpp"

namespace perin::cli {

std::string public_url(const runtime::configuration& configuration) {
    if (!configuration.url.empty()) return configuration.url;
    const bool encrypted = !configuration.tls_certificate.empty();
    return (encrypted ? "https://" : "http://") + to_string(configuration.listen);
}

result<std::unique_ptr<calendar_service>> open_calendar(
    const runtime::configuration& configuration) {
    return open_service<calendar_service, remote_calendar, local_calendar>(
        configuration, public_url(configuration));
}

}  // namespace perin::cli
