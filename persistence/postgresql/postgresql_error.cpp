#include "persistence/postgresql/postgresql_error.hpp"

#include <array>
#include <string>

namespace perin::persistence {

namespace {

struct meaning {
    /// A whole SQLSTATE or the beginning of several; the first line that fits counts.
    std::string_view beginning;
    error_code code;
    std::string_view detail;
};

constexpr std::array meanings = {
    // Connections. 08P01 is a mistake in what was sent, such as too few parameters.
    meaning{"08P01", error_code::internal, "a statement got the wrong number of parameters"},
    meaning{"08", error_code::unavailable, "the connection to the database was lost"},
    meaning{"28P01", error_code::unavailable,
            "the database refuses the password: correct the user and the password in its URL"},
    meaning{"28", error_code::unavailable,
            "the database refuses the user: correct the URL, or let the user in (pg_hba.conf), "
            "with or without encryption as it is there"},
    meaning{"3D000", error_code::unavailable,
            "the server has no such database: create it, or correct the URL"},
    meaning{"3F000", error_code::unavailable,
            "the database's user has no schema to work in: make it the owner of the database"},
    meaning{"42501", error_code::unavailable,
            "the database's user may not do that: make it the owner of the database"},

    // What a rule of the schema forbids. P0001 is what a trigger raises.
    meaning{"23505", error_code::conflict, "it is there already"},
    meaning{"23503", error_code::conflict, "it belongs to something that is not there"},
    meaning{"23", error_code::conflict, "a rule of the database forbids it"},
    meaning{"P0001", error_code::conflict, "a rule of the database forbids it"},

    // Texts that cannot be kept.
    meaning{"22021", error_code::invalid_request, "a text holds what the database cannot keep"},
    meaning{"22P05", error_code::invalid_request,
            "a text holds what the database's encoding does not have: it should be UTF8"},

    // Somebody else's doing, or too much of it.
    meaning{"40", error_code::unavailable,
            "the database gave the transaction up for the sake of another one"},
    meaning{"55P03", error_code::unavailable, "the database is busy with another writer"},
    meaning{"55006", error_code::unavailable, "the database is busy with another program"},
    meaning{"57014", error_code::unavailable, "the database took too long and was stopped"},
    meaning{"57P03", error_code::unavailable, "the database is starting or stopping"},
    meaning{"57P", error_code::unavailable, "the database ended the connection"},
    meaning{"25P02", error_code::unavailable, "the database gave the transaction up"},
    meaning{"25P", error_code::unavailable, "the transaction took too long and was ended"},
    meaning{"25006", error_code::unavailable, "the database is read-only"},

    // Resources.
    meaning{"53100", error_code::unavailable, "the disk of the database is full"},
    meaning{"53200", error_code::unavailable, "the database ran out of memory"},
    meaning{"53300", error_code::unavailable,
            "the database has no connection left: raise max_connections, or use fewer"},
    meaning{"53", error_code::unavailable, "the database ran out of something it needs"},
    meaning{"58", error_code::unavailable, "the disk of the database reports an error"},
    meaning{"54", error_code::internal, "a value is larger than the database takes"},

    meaning{"XX001", error_code::internal, "the database is damaged"},
    meaning{"XX002", error_code::internal, "the database is damaged"},
};

}  // namespace

failure postgresql_failure(std::string_view sqlstate) {
    if (sqlstate.empty()) {
        return {error_code::unavailable,
                "the database cannot be reached: is it running, and is its "
                "URL right?"};
    }
    for (const meaning& each : meanings) {
        if (sqlstate.starts_with(each.beginning)) return {each.code, std::string(each.detail)};
    }
    return {error_code::internal,
            "the database refused a statement (code " + std::string(sqlstate) + ")"};
}

failure postgresql_lost() { return postgresql_failure("08006"); }

}  // namespace perin::persistence
