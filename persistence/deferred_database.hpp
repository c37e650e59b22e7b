#pragma once

#include "persistence/open_database.hpp"

#include <memory>

namespace perin::persistence {

/// A connection that is made by its first use, on the thread that uses it: whoever hands it out
/// need not wait for a server. A use that finds nobody fails as `open_database` does, and the next
/// one tries again.
[[nodiscard]] std::unique_ptr<database> open_later(database_location at, access_mode mode);

}  // namespace perin::persistence
