#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "persistence/postgresql/postgresql_options.hpp"

#include <memory>
#include <string>

namespace perin::persistence {

/// A connection to a database of a PostgreSQL server, 15 or newer. `invalid_request` where the URL
/// is none; `unavailable` where the server cannot be reached, or lets nobody in with this URL.
[[nodiscard]] result<std::unique_ptr<database>> open_postgresql(const std::string& url,
                                                                postgresql_mode mode);

}  // namespace perin::persistence
