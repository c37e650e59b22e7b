#include "persistence/sqlite/sqlite_restore.hpp"

#include "persistence/columns.hpp"
#include "persistence/database_check.hpp"
#include "persistence/database_schema.hpp"
#include "persistence/decode.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace perin::persistence {

namespace {

namespace fs = std::filesystem;

/// What SQLite keeps beside a database: its log, the log's index, and the journal of the mode
/// without a log.
constexpr std::array beside = {"-wal", "-shm", "-journal"};

fs::path with(const fs::path& file, std::string_view end) {
    auto longer = file;
    longer += end;
    return longer;
}

failure system_failure(const std::string& what, int why) {
    const bool refused = why == EACCES || why == EPERM || why == EROFS;
    return {refused ? error_code::forbidden : error_code::internal,
            what + ": " + std::error_code(why, std::system_category()).message()};
}

class descriptor {
  public:
    descriptor(const fs::path& path, int flags, mode_t mode = 0)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }

    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

/// Zero or an `errno`.
int write_all(int to, std::string_view content) {
    while (!content.empty()) {
        const auto count = ::write(to, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

result<void> copy_content(const fs::path& from, const fs::path& to) {
    const descriptor source(from, O_RDONLY);
    if (!source.is_open()) return system_failure("the backup cannot be read", errno);
    const descriptor target(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (!target.is_open()) return system_failure("the data folder takes no file", errno);
    std::vector<char> piece(std::size_t{1} << 20U);
    for (;;) {
        const auto count = ::read(source.number(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure("the backup cannot be read", errno);
        if (count == 0) return {};
        const int why = write_all(target.number(), {piece.data(), static_cast<std::size_t>(count)});
        if (why != 0) return system_failure("the backup cannot be copied", why);
    }
}

/// A file or a folder: a name is on disk only when its folder is.
result<void> sync(const fs::path& path) {
    const descriptor opened(path, O_RDONLY);
    if (!opened.is_open() || ::fsync(opened.number()) != 0) {
        return system_failure("the data folder cannot be written to", errno);
    }
    return {};
}

fs::path folder_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

void remove_with_logs(const fs::path& file) {
    std::error_code ignored;
    fs::remove(file, ignored);
    for (const auto* end : beside) fs::remove(with(file, end), ignored);
}

/// Whether the file is not whole without what stands beside it.
bool has_log(const fs::path& file) {
    for (const auto* end : beside) {
        std::error_code why;
        const auto bytes = fs::file_size(with(file, end), why);
        if (!why && bytes > 0 && std::string_view(end) != "-shm") return true;
    }
    return false;
}

failure unusable(const failure& why) {
    // A disk that is full, or a folder that may not be written to, says nothing about the backup.
    if (why.code == error_code::unavailable || why.code == error_code::forbidden) return why;
    return {error_code::conflict, "the backup cannot be used: " + why.detail};
}

std::uint64_t count_of(row& from) { return number_column(from, 0); }

result<backup_facts> brought_up_to_date(database& on, timestamp now) {
    if (auto whole = require_whole_storage(on); !whole) return whole.error();
    const auto schema = schema_version(on);
    // Where it cannot be read, the table that tells of it is somebody else's.
    if (!schema || *schema == 0) {
        return failure{error_code::conflict, "it is a database, but none of Perin's"};
    }
    const auto steps = migrate(on, now);
    // A version that is not ours is as final as damage.
    if (!steps) return failure{error_code::conflict, steps.error().detail};
    if (const auto checked = check_consistency(on); !checked) return checked.error();
    const auto users =
        decode_only<std::uint64_t>(on.execute("SELECT COUNT(*) FROM users"), count_of);
    if (!users) return users.error();
    return backup_facts{.schema = *schema, .steps = *steps, .users = *users};
}

/// Keeps the old database to itself while names are exchanged, as one file: what its log held is in
/// it. Nothing where it is so damaged that SQLite does not open it.
result<std::unique_ptr<database>> hold(const fs::path& path) {
    using holding = std::unique_ptr<database>;
    const auto damaged_or = [](const failure& why) -> result<holding> {
        if (why.code == error_code::internal) return holding();
        return failure{error_code::conflict, "the database is in use: " + why.detail};
    };
    auto opened =
        open_sqlite(path.string(), sqlite_mode::read_write, std::chrono::milliseconds(500));
    if (!opened) return damaged_or(opened.error());
    // Succeeds only where nobody else has it open.
    const auto mode = (*opened)->execute("PRAGMA journal_mode = DELETE");
    if (!mode) return damaged_or(mode.error());
    if (mode->empty() || mode->front().text(0) != "delete") {
        return failure{error_code::conflict, "the database is in use"};
    }
    if (const auto held = (*opened)->execute("BEGIN EXCLUSIVE"); !held) {
        return damaged_or(held.error());
    }
    return std::move(*opened);
}

/// The name that the old database is kept by: never one that is taken by another file.
fs::path free_name(const fs::path& database) {
    const auto plain = with(database, ".before-restore");
    std::error_code ignored;
    // A second name of this very file: a restore was killed before it could exchange the two.
    if (fs::equivalent(plain, database, ignored)) fs::remove(plain, ignored);
    auto name = plain;
    const auto is_taken = [](const fs::path& file) {
        return is_there(file) || is_there(with(file, "-wal")) || is_there(with(file, "-journal"));
    };
    for (int i = 2; is_taken(name); ++i) name = with(plain, "." + std::to_string(i));
    return name;
}

result<void> give_name(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return system_failure("a file of the data folder cannot be renamed", errno);
}

/// The logs of `database` to those of `kept`. They would be taken for those of the new database,
/// whose name they bear.
result<void> put_logs_aside(const fs::path& database, const fs::path& kept) {
    std::error_code ignored;
    fs::remove(with(database, "-shm"), ignored);
    for (const auto* end : {"-wal", "-journal"}) {
        if (!is_there(with(database, end))) continue;
        if (auto done = give_name(with(database, end), with(kept, end)); !done) return done;
    }
    return {};
}

}  // namespace

sqlite_restore::sqlite_restore(fs::path database)
    : database_(std::move(database)), prepared_(with(database_, ".restore")) {
    remove_with_logs(prepared_);
}

sqlite_restore::sqlite_restore(sqlite_restore&& other) noexcept
    : database_(std::move(other.database_)),
      prepared_(std::exchange(other.prepared_, {})),
      facts_(other.facts_) {}

sqlite_restore::~sqlite_restore() {
    if (!prepared_.empty()) remove_with_logs(prepared_);
}

result<sqlite_restore> sqlite_restore::prepare(const fs::path& backup, const fs::path& database,
                                               timestamp now) {
    if (has_log(backup)) {
        return failure{error_code::conflict,
                       "there is a log beside the file: it is a database in use, of which only a "
                       "backup can be restored"};
    }
    sqlite_restore made(database);
    if (auto copied = copy_content(backup, made.prepared_); !copied) return copied.error();
    {
        auto opened = open_sqlite(made.prepared_.string(), sqlite_mode::read_write);
        if (!opened) return unusable(opened.error());
        const auto facts = brought_up_to_date(**opened, now);
        if (!facts) return unusable(facts.error());
        made.facts_ = *facts;
    }
    // Closing wrote the log into the file.
    if (has_log(made.prepared_)) {
        return failure{error_code::internal, "the log of the restored database does not end"};
    }
    if (auto synced = sync(made.prepared_); !synced) return synced.error();
    return made;
}

result<std::optional<fs::path>> sqlite_restore::place(const step_hook& at) {
    const auto reach = [&at](const char* step) {
        if (at) at(step);
    };
    const bool replaces = is_there(database_);
    std::unique_ptr<persistence::database> held;
    if (replaces) {
        auto holding = hold(database_);
        if (!holding) return holding.error();
        held = std::move(*holding);
    }
    const auto kept = free_name(database_);
    reach("restore.prepared");
    // A second name first: there is no moment at which the database has none.
    if (replaces && ::link(database_.c_str(), kept.c_str()) != 0) {
        return system_failure("the old database cannot be kept under another name", errno);
    }
    reach("restore.kept");
    // Only a database that could not be opened still has logs, and that none where it died here.
    if (auto done = put_logs_aside(database_, kept); !done) return done.error();
    if (auto synced = sync(folder_of(database_)); !synced) return synced.error();
    if (auto done = give_name(prepared_, database_); !done) return done.error();
    prepared_.clear();
    reach("restore.placed");
    if (auto synced = sync(folder_of(database_)); !synced) return synced.error();
    if (!replaces) return std::optional<fs::path>();
    return std::optional<fs::path>(kept);
}

}  // namespace perin::persistence
