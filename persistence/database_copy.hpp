#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace perin::persistence {

struct copied_table {
    std::string name;
    std::uint64_t rows = 0;
    friend bool operator==(const copied_table&, const copied_table&) = default;
};

struct copy_hooks {
    /// Told of each table once its rows are there.
    std::function<void(const copied_table&)> copied = {};
    /// Asked when all is there, before it is committed: whether it may be.
    std::function<result<void>()> may_end = {};
};

/// Whether no table of the schema has a row, but for the one that tells which steps have run.
[[nodiscard]] result<bool> holds_nothing(database& on);

/// Copies every row of every table, from one moment of `source`, in one transaction of `target`:
/// where it fails or dies, the target is as it was. Before that transaction ends, the rows that are
/// there are read back and must be those that were read from the source: as many, and with the same
/// sum of their hashes; JSON is compared as JSON. The schemas must be the same, of this program's
/// version; the target must hold nothing: `conflict` where that is not so. `source` must be a
/// connection that only reads.
[[nodiscard]] result<std::vector<copied_table>> copy_database(database& source, database& target,
                                                              const copy_hooks& hooks = {});

}  // namespace perin::persistence
