#pragma once

#include "domain/result.hpp"

namespace perin::persistence {

/// The failure for a result code of SQLite, extended or not (https://www.sqlite.org/rescode.html).
/// SQLite's own message is left out: it names tables and columns.
[[nodiscard]] failure sqlite_failure(int code);

}  // namespace perin::persistence
