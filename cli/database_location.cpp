#include "cli/database_location.hpp"

namespace perin::cli {

std::filesystem::path database_file(const runtime::configuration& configuration) {
    return configuration.data / "perin.db";
}

persistence::database_location location_of(const runtime::configuration& configuration) {
    return {.url = configuration.database_url, .file = database_file(configuration).string()};
}

}  // namespace perin::cli
