#pragma once

#include "domain/result.hpp"

#include <functional>
#include <string>

namespace perin::persistence {

/// Told how much of a copy is done, from 0 to 1, as well as it can be known beforehand.
using copy_progress = std::function<void(double done)>;

/// Writes all that the database in the file `source` holds at this moment to `target`, an empty
/// file that is there: whoever makes it decides who may read it. Nobody who writes to the database
/// waits for it, but its log grows until the copy is done.
///
/// It is `VACUUM INTO`, not SQLite's online backup: that one copies pages as they are, with what
/// erased users left in the free ones, and begins anew whenever another process writes. The copy is
/// one file without a log, as small as can be, and not yet on disk.
[[nodiscard]] result<void> copy_sqlite(const std::string& source, const std::string& target,
                                       const copy_progress& progress = {});

}  // namespace perin::persistence
