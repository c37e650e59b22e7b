#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace perin::persistence {

enum class sqlite_mode {
    /// The file is made where there is none, with mode 0600.
    read_write,
    read_only,
};

/// A connection to an SQLite file: write-ahead log, durable at every commit (synchronous=FULL),
/// foreign keys enforced. `busy_timeout` is how long a call waits for another writer before it
/// fails with `unavailable`. A file that is no database is `internal`, one that cannot be opened is
/// `unavailable`.
[[nodiscard]] result<std::unique_ptr<database>> open_sqlite(
    const std::string& path, sqlite_mode mode,
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(5));

}  // namespace perin::persistence
