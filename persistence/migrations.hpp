#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <span>
#include <string_view>

namespace perin::persistence {

/// One step of the schema. Never edited once landed: a change is a new step. In its statements
/// `{json}` is the type of a JSON document: JSONB in PostgreSQL, TEXT in SQLite. JSONB keeps no
/// order of keys and no spaces, so such documents are compared as JSON, not as text.
struct migration {
    /// From 1, without a gap.
    int number = 0;
    std::string_view name;
    std::span<const std::string_view> statements;
};

/// All steps this program knows, in their order.
[[nodiscard]] std::span<const migration> known_migrations() noexcept;

/// Brings the schema up to date and says how many steps ran. Each runs in its own transaction,
/// under a lock that lets one program at a time run it; where one fails, or the program dies in it,
/// the schema stays at the step before. A database that is newer than this program, or was made by
/// another one, is a `conflict` and left as it is.
[[nodiscard]] result<int> migrate(database& on, timestamp now);

/// The same with steps of one's own.
[[nodiscard]] result<int> migrate(database& on, timestamp now, std::span<const migration> steps);

/// The steps that `migrate` would run; a `conflict` as there. Writes nothing.
[[nodiscard]] result<std::span<const migration>> missing_migrations(database& on);

/// The number of the newest step that ran; 0 for an empty database. Writes nothing.
[[nodiscard]] result<int> schema_version(database& on);

}  // namespace perin::persistence
