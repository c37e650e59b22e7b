#include "persistence/open_database.hpp"

#include "persistence/postgresql/postgresql_database.hpp"
#include "persistence/sqlite/sqlite_database.hpp"

namespace perin::persistence {

result<std::unique_ptr<database>> open_database(const database_location& at, access_mode mode) {
    if (at.embedded()) {
        return open_sqlite(at.file, mode == access_mode::read_only ? sqlite_mode::read_only
                                                                   : sqlite_mode::read_write);
    }
    return open_postgresql(at.url, mode == access_mode::read_only ? postgresql_mode::read_only
                                                                  : postgresql_mode::read_write);
}

}  // namespace perin::persistence
