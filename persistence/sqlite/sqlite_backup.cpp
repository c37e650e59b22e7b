#include "persistence/sqlite/sqlite_backup.hpp"

#include "persistence/sqlite/sqlite_error.hpp"
#include "persistence/sqlite/sqlite_statement.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <system_error>

namespace perin::persistence {

namespace {

/// Instructions of SQLite's machine between two looks at how far it is: some milliseconds.
constexpr int steps_between_looks = 100'000;
constexpr int busy_ms = 5'000;

struct close_connection {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using connection_handle = std::unique_ptr<sqlite3, close_connection>;

result<connection_handle> open_source(const std::string& path) {
    sqlite3* raw = nullptr;
    constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    connection_handle connection(raw);
    if (code != SQLITE_OK) return sqlite_failure(code);
    sqlite3_busy_timeout(raw, busy_ms);
    return connection;
}

result<std::int64_t> number_of(sqlite3* connection, std::string_view sql) {
    auto statement = sqlite_statement::compile(connection, sql);
    if (!statement) return statement.error();
    const auto answer = statement->run({});
    if (!answer) return answer.error();
    return answer->empty() ? std::int64_t{0} : answer->front().integer(0);
}

/// Looks at the size of the file that grows.
struct progress_look {
    const copy_progress& tell;
    const std::string& target;
    double expected_bytes;

    void operator()() const {
        std::error_code ignored;
        const auto written = std::filesystem::file_size(target, ignored);
        if (ignored) return;
        tell(std::min(1.0, static_cast<double>(written) / expected_bytes));
    }
};

int look(void* at) {
    (*static_cast<const progress_look*>(at))();
    return 0;
}

/// What is full, or cannot be written to, is the copy's disk: the database is only read.
failure of_copying(const failure& why) {
    return {error_code::internal, "the copy cannot be made: " + why.detail};
}

}  // namespace

result<void> copy_sqlite(const std::string& source, const std::string& target,
                         const copy_progress& progress) {
    auto connection = open_source(source);
    if (!connection) return connection.error();
    sqlite3* raw = connection->get();
    const auto pages = number_of(raw, "PRAGMA page_count");
    if (!pages) return pages.error();
    const auto page_bytes = number_of(raw, "PRAGMA page_size");
    if (!page_bytes) return page_bytes.error();

    progress_look looks{
        progress, target,
        std::max(1.0, static_cast<double>(*pages) * static_cast<double>(*page_bytes))};
    if (progress) sqlite3_progress_handler(raw, steps_between_looks, &look, &looks);
    auto copy = sqlite_statement::compile(raw, "VACUUM INTO $1");
    if (!copy) return copy.error();
    const std::array<value, 1> parameters = {target};
    if (const auto copied = copy->run(parameters); !copied) return of_copying(copied.error());
    if (progress) progress(1.0);
    return {};
}

}  // namespace perin::persistence
