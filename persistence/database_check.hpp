#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace perin::persistence {

/// Something in the database that must not be.
struct finding {
    /// What was looked at: `storage`, `references`, `schema`, `journal`, `turns`, `conversations`,
    /// `streams`.
    std::string check;
    /// What it is about, such as a stream; may be empty.
    std::string subject;
    /// What is wrong with it.
    std::string detail;
    friend bool operator==(const finding&, const finding&) = default;
};

/// Each check gives up to this many findings, and one more that says that there are others.
inline constexpr std::size_t most_findings = 100;

/// Whether the file is whole and every reference leads somewhere; in PostgreSQL, which keeps its
/// references by itself, whether an index is unusable. Reads all of an SQLite file. Writes nothing.
[[nodiscard]] result<std::vector<finding>> check_storage(database& on);

/// The same; the first finding is the failure, `internal`.
[[nodiscard]] result<void> require_whole_storage(database& on);

/// Whether what is kept fits together: versions of a stream have no gap, turns and the table of
/// streams are in step with the journal, every conversation has its stream and every stream its
/// conversation. Each check is one statement, so that writers beside it do no harm. `not_found`
/// where it holds no schema of ours. Writes nothing.
[[nodiscard]] result<std::vector<finding>> check_consistency(database& on);

}  // namespace perin::persistence
