#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

namespace perin::persistence {

/// Begins a transaction in which all that is read is of one moment, however long that takes. The
/// connection must be one that only reads.
[[nodiscard]] result<transaction> begin_snapshot(database& on);

/// From here to the end of the transaction under way a statement may take any time, and the
/// connection may wait for somebody else.
[[nodiscard]] result<void> take_time(database& on);

}  // namespace perin::persistence
