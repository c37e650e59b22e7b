#pragma once

#include "domain/result.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace perin::cli {

/// PostgreSQL's own programs, of its package for clients, do what has to do with its dumps. Where
/// one fails, what it says is the failure's detail.

/// Where a database is, and the schema in it that is ours.
struct postgres_place {
    std::string url;
    std::string schema = "public";
};

/// Writes what the schema holds at one moment to `file` in pg_dump's custom format. Nobody who
/// writes to the database waits for it.
[[nodiscard]] result<void> dump_postgres(const postgres_place& from,
                                         const std::filesystem::path& file);

/// Reads all of a dump; `conflict` where it is damaged. Connects to nothing.
[[nodiscard]] result<void> require_whole_dump(const std::filesystem::path& file);

/// The same, and which step of our schema it was made at: `conflict` also where that is none that
/// this program knows.
[[nodiscard]] result<int> inspect_dump(const std::filesystem::path& file,
                                       const std::string& schema);

/// Empties the schema and fills it from the dump, in one transaction: however this program ends,
/// the old data or the new are there, whole. Fails where another program of ours is connected once
/// all is locked. `before_end` is called before the transaction ends.
[[nodiscard]] result<void> restore_postgres(const postgres_place& to,
                                            const std::filesystem::path& file,
                                            const std::function<void()>& before_end = {});

}  // namespace perin::cli
