#pragma once

#include "persistence/database.hpp"

#include <string>

namespace perin::persistence::test {

/// Writes rows of a user's into every table that the schema has at a step: whatever a later step
/// does, and whoever is erased, there is something to be found or missed. `user` is a short word
/// that is in each of its rows. Throws where a row cannot be written.
void add_sample_data(database& on, const std::string& user, int schema);

}  // namespace perin::persistence::test
