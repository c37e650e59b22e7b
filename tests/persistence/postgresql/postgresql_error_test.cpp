#include "persistence/postgresql/postgresql_error.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace perin;
using namespace perin::persistence;

TEST_CASE("SQLSTATEs of PostgreSQL have their place in our vocabulary") {
    const auto [sqlstate, expected] = GENERATE(table<std::string, error_code>({
        {"", error_code::unavailable},           // no connection
        {"08000", error_code::unavailable},      // connection_exception
        {"08006", error_code::unavailable},      // connection_failure
        {"08P01", error_code::internal},         // protocol_violation: too few parameters
        {"0A000", error_code::internal},         // feature_not_supported
        {"22003", error_code::internal},         // numeric_value_out_of_range
        {"22021", error_code::invalid_request},  // character_not_in_repertoire
        {"22P05", error_code::invalid_request},  // untranslatable_character
        {"23502", error_code::conflict},         // not_null_violation
        {"23503", error_code::conflict},         // foreign_key_violation
        {"23505", error_code::conflict},         // unique_violation
        {"23514", error_code::conflict},         // check_violation
        {"23P01", error_code::conflict},         // exclusion_violation
        {"25006", error_code::unavailable},      // read_only_sql_transaction
        {"25P02", error_code::unavailable},      // in_failed_sql_transaction
        {"25P03", error_code::unavailable},      // idle_in_transaction_session_timeout
        {"28000", error_code::unavailable},      // invalid_authorization_specification
        {"28P01", error_code::unavailable},      // invalid_password
        {"3D000", error_code::unavailable},      // invalid_catalog_name
        {"3F000", error_code::unavailable},      // invalid_schema_name
        {"40001", error_code::unavailable},      // serialization_failure
        {"40P01", error_code::unavailable},      // deadlock_detected
        {"42501", error_code::unavailable},      // insufficient_privilege
        {"42601", error_code::internal},         // syntax_error
        {"42P01", error_code::internal},         // undefined_table
        {"53100", error_code::unavailable},      // disk_full
        {"53200", error_code::unavailable},      // out_of_memory
        {"53300", error_code::unavailable},      // too_many_connections
        {"54000", error_code::internal},         // program_limit_exceeded
        {"55006", error_code::unavailable},      // object_in_use
        {"55P03", error_code::unavailable},      // lock_not_available
        {"57014", error_code::unavailable},      // query_canceled
        {"57P01", error_code::unavailable},      // admin_shutdown
        {"57P02", error_code::unavailable},      // crash_shutdown
        {"57P03", error_code::unavailable},      // cannot_connect_now
        {"58030", error_code::unavailable},      // io_error
        {"P0001", error_code::conflict},         // raise_exception
        {"XX000", error_code::internal},         // internal_error
        {"XX001", error_code::internal},         // data_corrupted
        {"XX002", error_code::internal},         // index_corrupted
    }));
    INFO(sqlstate);
    CHECK(postgresql_failure(sqlstate).code == expected);
    CHECK_FALSE(postgresql_failure(sqlstate).detail.empty());
}

TEST_CASE("what people can act on is told apart") {
    const auto [sqlstate, word] = GENERATE(table<std::string, std::string>({
        {"28P01", "password"},
        {"3D000", "no such database"},
        {"42501", "owner"},
        {"53100", "disk of the database is full"},
        {"53300", "max_connections"},
        {"25006", "read-only"},
        {"57014", "too long"},
        {"57P03", "starting or stopping"},
        {"XX001", "damaged"},
        {"42P01", "42P01"},
    }));
    INFO(sqlstate);
    CHECK(postgresql_failure(sqlstate).detail.find(word) != std::string::npos);
}
