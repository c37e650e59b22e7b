#include "persistence/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

namespace perin::persistence {

namespace {

failure constraint_failure(int code) {
    switch (code) {
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_ROWID:
            return {error_code::conflict, "it is there already"};
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return {error_code::conflict, "it belongs to something that is not there"};
        default:
            return {error_code::conflict, "a rule of the database forbids it"};
    }
}

}  // namespace

failure sqlite_failure(int code) {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return constraint_failure(code);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return {error_code::unavailable, "the database is busy with another writer"};
        case SQLITE_FULL:
            return {error_code::unavailable, "the disk of the database is full"};
        case SQLITE_READONLY:
            return {error_code::unavailable, "the database is read-only"};
        case SQLITE_IOERR:
            return {error_code::unavailable, "the disk of the database reports an error"};
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            return {error_code::unavailable, "the database cannot be opened"};
        case SQLITE_CORRUPT:
            return {error_code::internal, "the database is damaged"};
        case SQLITE_NOTADB:
            return {error_code::internal, "the file is not a database"};
        case SQLITE_TOOBIG:
            return {error_code::internal, "a value is larger than the database takes"};
        case SQLITE_NOMEM:
            return {error_code::internal, "the database ran out of memory"};
        default:
            return {error_code::internal,
                    "the database refused a statement (code " + std::to_string(code) + ")"};
    }
}

}  // namespace perin::persistence
