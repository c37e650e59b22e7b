#include "persistence/snapshot_reading.hpp"

#include <string_view>

namespace perin::persistence {

namespace {

bool is_sqlite(const database& on) { return std::string_view(on.driver()) == "sqlite"; }

}  // namespace

result<transaction> begin_snapshot(database& on) {
    auto begun = transaction::begin(on);
    // A transaction of SQLite's reads of one moment anyhow.
    if (!begun || is_sqlite(on)) return begun;
    // Before anything else: it must be the transaction's first statement.
    const auto set = on.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    if (!set) return set.error();
    if (auto ready = take_time(on); !ready) return ready.error();
    return begun;
}

result<void> take_time(database& on) {
    if (is_sqlite(on)) return {};
    for (const auto* sql :
         {"SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0"}) {
        if (auto set = on.execute(sql); !set) return set.error();
    }
    return {};
}

}  // namespace perin::persistence
