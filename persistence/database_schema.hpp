#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

struct column_shape {
    std::string name;
    /// Kept as JSON, which has more than one text for the same value. SQLite keeps such a column as
    /// text and does not tell.
    bool json = false;
};

struct table_shape {
    std::string name;
    /// By name.
    std::vector<column_shape> columns;
    /// The other tables that its foreign keys name.
    std::vector<std::string> refers_to;
};

/// Every table that the schema has, as the database itself tells: none can be forgotten. A table
/// comes after those that it refers to. `internal` where tables refer to each other in a ring.
[[nodiscard]] result<std::vector<table_shape>> tables_of(database& on);

/// `name` as SQL has it where it may be any word.
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace perin::persistence
