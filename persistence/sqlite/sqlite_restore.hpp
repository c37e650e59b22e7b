#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace perin::persistence {

/// What a backup holds.
struct backup_facts {
    /// The step of the schema that it was made at.
    int schema = 0;
    /// How many steps have brought it up to date since.
    int steps = 0;
    std::uint64_t users = 0;
};

/// Puts a backup in a database's place, in two parts: `prepare` makes all that can fail beside the
/// database, `place` exchanges the two. Where the process dies, at any moment, the old or the new
/// database is there, whole.
///
/// No other program of ours may begin to use the database meanwhile: that is for the caller to see
/// to. One that uses it already is found.
class sqlite_restore {
  public:
    /// Copies the backup to `<database>.restore`, looks whether it is whole and ours, and brings
    /// its schema up to date. `conflict` where it is no backup that this program can use; the
    /// backup and the database are not touched.
    [[nodiscard]] static result<sqlite_restore> prepare(const std::filesystem::path& backup,
                                                        const std::filesystem::path& database,
                                                        timestamp now);

    sqlite_restore(sqlite_restore&& other) noexcept;
    sqlite_restore& operator=(sqlite_restore&&) = delete;
    /// What was prepared goes, unless it was placed.
    ~sqlite_restore();

    [[nodiscard]] const backup_facts& facts() const noexcept { return facts_; }

    /// Told before each change of a name: `restore.prepared`, `restore.kept`, `restore.placed`.
    using step_hook = std::function<void(const char* step)>;

    /// Gives the prepared file the database's name. The old database is kept as
    /// `<database>.before-restore`, or with a number after it where that is there already; its
    /// path, or nothing where there was none. `conflict` where somebody uses the database.
    [[nodiscard]] result<std::optional<std::filesystem::path>> place(const step_hook& at = {});

  private:
    explicit sqlite_restore(std::filesystem::path database);

    std::filesystem::path database_;
    /// Empty once it is placed, or moved away.
    std::filesystem::path prepared_;
    backup_facts facts_;
};

}  // namespace perin::persistence
