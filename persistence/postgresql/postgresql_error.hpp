#pragma once

#include "domain/result.hpp"

#include <string_view>

namespace perin::persistence {

/// The failure for an SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html), or for
/// none: then the connection could not be made. PostgreSQL's own message is left out: it names
/// tables, users and addresses, and shows values.
[[nodiscard]] failure postgresql_failure(std::string_view sqlstate);

/// The connection ended while it was in use.
[[nodiscard]] failure postgresql_lost();

}  // namespace perin::persistence
