#pragma once

#include "persistence/database.hpp"

namespace perin::persistence::test {

/// Puts at least one row into every table of the schema, with the values that are the hardest to
/// carry from one database to another; `ada@example.com` and `bob@example.com` are the users. All
/// of it fits together. Throws where a row is refused.
void fill(database& on);

}  // namespace perin::persistence::test
