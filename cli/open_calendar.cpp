#include "cli/open_calendar.hpp"

#include "cli/data_access.hpp"
#include "cli/local_calendar.hpp"
#include "cli/remote_calendar.hpp"

namespace perin::cli {

namespace {

/// What `local_calendar` refers to; a base of its own so that it is there before and after it.
struct open_database {
    opened_data data;
    runtime::system_clock clock = {};
    runtime::system_entropy random = {};
};

class database_calendar final : private open_database, public local_calendar {
  public:
    database_calendar(opened_data opened, std::string url)
        : open_database{.data = std::move(opened)},
          local_calendar(*data.connection, clock, random, std::move(url)) {}
};

/// Where the server will be found.
std::string public_url(const runtime::configuration& configuration) {
    if (!configuration.url.empty()) return configuration.url;
    const bool encrypted = !configuration.tls_certificate.empty();
    return (encrypted ? "https://" : "http://") + to_string(configuration.listen);
}

}  // namespace

result<std::unique_ptr<calendar_service>> open_calendar(
    const runtime::configuration& configuration) {
    if (auto server = answering_server(configuration))
        return std::unique_ptr<calendar_service>(
            std::make_unique<remote_calendar>(std::move(*server)));
    auto opened = open_data(configuration);
    if (!opened) return opened.error();
    return std::unique_ptr<calendar_service>(
        std::make_unique<database_calendar>(std::move(*opened), public_url(configuration)));
}

}  // namespace perin::cli
