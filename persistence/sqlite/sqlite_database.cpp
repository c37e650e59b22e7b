#include "persistence/sqlite/sqlite_database.hpp"

#include "persistence/sqlite/sqlite_error.hpp"
#include "persistence/sqlite/sqlite_statement.hpp"

#include <sqlite3.h>

#include <array>
#include <fcntl.h>
#include <functional>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace perin::persistence {

namespace {

struct close_connection {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using connection_handle = std::unique_ptr<sqlite3, close_connection>;

/// Looks up by `std::string_view` without making a string.
struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

/// More texts than the repositories have; only somebody who builds statements from values gets
/// there.
constexpr std::size_t most_statements = 256;

class sqlite_database final : public database {
  public:
    sqlite_database(connection_handle connection, sqlite_mode mode)
        : connection_(std::move(connection)), mode_(mode) {}

    using database::execute;

    result<rows> execute(std::string_view sql, std::span<const value> parameters = {}) override {
        auto statement = ready(sql);
        if (!statement) return statement.error();
        return (*statement)->run(parameters);
    }

    result<void> each(std::string_view sql, std::span<const value> parameters,
                      const std::function<bool(row&)>& take) override {
        auto statement = ready(sql);
        if (!statement) return statement.error();
        return (*statement)->run(parameters, take);
    }

    [[nodiscard]] std::size_t changed() const noexcept override {
        return static_cast<std::size_t>(sqlite3_changes64(connection_.get()));
    }

    result<void> begin() override {
        if (open_) return failure{error_code::internal, "a transaction is under way already"};
        // A transaction that reads first and writes later would fail at its first write when
        // somebody else wrote in between; so the lock is taken at once.
        auto begun = execute(mode_ == sqlite_mode::read_only ? "BEGIN" : "BEGIN IMMEDIATE");
        if (!begun) return begun.error();
        open_ = true;
        return {};
    }

    result<void> commit() override {
        if (!open_) return failure{error_code::internal, "there is no transaction to commit"};
        auto committed = execute("COMMIT");
        if (!committed) return committed.error();
        open_ = false;
        return {};
    }

    /// A COMMIT of SQLite's that fails has not taken place.
    result<bool> settle() override { return false; }

    void rollback() noexcept override {
        open_ = false;
        // Not from the statements that are kept: this must not need memory. It fails only where
        // SQLite has rolled back by itself.
        if (sqlite3_get_autocommit(connection_.get()) == 0) {
            sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    const char* driver() const noexcept override { return "sqlite"; }

  private:
    /// SQLite may end a transaction by itself on a full disk or an I/O error
    /// (https://www.sqlite.org/lang_transaction.html). Statements that follow would each be
    /// committed alone.
    [[nodiscard]] bool is_lost() const noexcept {
        return open_ && sqlite3_get_autocommit(connection_.get()) != 0;
    }

    [[nodiscard]] result<sqlite_statement*> ready(std::string_view sql) {
        if (is_lost()) {
            return failure{error_code::unavailable, "the database gave the transaction up"};
        }
        if (const auto known = statements_.find(sql); known != statements_.end()) {
            return &known->second;
        }
        auto fresh = sqlite_statement::compile(connection_.get(), sql);
        if (!fresh) return fresh.error();
        if (statements_.size() >= most_statements) statements_.clear();
        return &statements_.emplace(sql, std::move(*fresh)).first->second;
    }

    connection_handle connection_;
    const sqlite_mode mode_;
    /// Between `begin` and `commit` or `rollback`.
    bool open_ = false;
    /// After the connection, so that they go before it.
    std::unordered_map<std::string, sqlite_statement, text_hash, std::equal_to<>> statements_;
};

/// SQLite would make the file readable for everyone. Its log and index get the mode of the file.
/// A file that is there is not touched: closing it here would drop the locks of a connection that
/// this program may have to it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
void make_private_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);
}

/// SQLite would open a file all the same that may only be read: the connection would stay so for
/// good, and the log that it makes would get the file's mode.
bool may_only_be_read(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0 &&
           ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0;
}

result<connection_handle> open_connection(const std::string& path, sqlite_mode mode) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= mode == sqlite_mode::read_only ? SQLITE_OPEN_READONLY
                                            : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    connection_handle connection(raw);
    if (code != SQLITE_OK) return sqlite_failure(code);
    return connection;
}

result<void> set_up(sqlite3* connection, database& on, sqlite_mode mode,
                    std::chrono::milliseconds busy_timeout) {
    sqlite3_busy_timeout(connection, static_cast<int>(busy_timeout.count()));
    // A text in double quotes is a name, as in PostgreSQL.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);

    constexpr std::array<std::string_view, 5> always = {
        "PRAGMA foreign_keys = ON",
        "PRAGMA synchronous = FULL",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA cache_size = -16384",  // KiB
        // Pages (16 MiB): one that is written many times between two checkpoints is copied once.
        "PRAGMA wal_autocheckpoint = 4096",
    };
    for (const auto sql : always) {
        if (auto set = on.execute(sql); !set) return set.error();
    }
    // Reads the file's head: here it shows that it is a database.
    const bool writes = mode == sqlite_mode::read_write;
    const auto journal = on.execute(writes ? "PRAGMA journal_mode = WAL" : "PRAGMA user_version");
    if (!journal) return journal.error();
    if (writes && (journal->empty() || journal->front().text(0) != "wal")) {
        return failure{error_code::unavailable, "the database cannot keep a write-ahead log here"};
    }
    return {};
}

}  // namespace

result<std::unique_ptr<database>> open_sqlite(const std::string& path, sqlite_mode mode,
                                              std::chrono::milliseconds busy_timeout) {
    // Both mean a database in memory to SQLite.
    if (path.empty() || path == ":memory:") {
        return failure{error_code::internal, "the database needs a file"};
    }
    if (mode == sqlite_mode::read_write) {
        make_private_file(path);
        if (may_only_be_read(path)) return sqlite_failure(SQLITE_READONLY);
    }
    auto connection = open_connection(path, mode);
    if (!connection) return connection.error();
    sqlite3* raw = connection->get();
    auto opened = std::make_unique<sqlite_database>(std::move(*connection), mode);
    if (auto ready = set_up(raw, *opened, mode, busy_timeout); !ready) return ready.error();
    return std::unique_ptr<database>(std::move(opened));
}

}  // namespace perin::persistence
