#include "persistence/database_schema.hpp"

#include "persistence/decode.hpp"

#include <algorithm>
#include <utility>

namespace perin::persistence {

namespace {

/// What each database's catalogue is asked. Both answer alike: a column's table, name and type; the
/// two tables of a foreign key.
struct catalogue {
    std::string_view columns;
    std::string_view references;
};

constexpr catalogue sqlite_catalogue = {
    .columns =
        "SELECT m.name, c.name, lower(c.type) FROM sqlite_master m "
        "JOIN pragma_table_info(m.name) c "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY m.name, c.name",
    .references =
        "SELECT DISTINCT m.name, f.\"table\" FROM sqlite_master m "
        "JOIN pragma_foreign_key_list(m.name) f "
        "WHERE m.type = 'table' ORDER BY 1, 2",
};

constexpr catalogue postgresql_catalogue = {
    .columns =
        "SELECT c.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\", "
        "format_type(a.atttypid, NULL) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 "
        "AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY 1, 2",
    .references =
        "SELECT DISTINCT c.relname::text COLLATE \"C\", f.relname::text COLLATE \"C\" "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "JOIN pg_class f ON f.oid = k.confrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE k.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2",
};

struct column_row {
    std::string table;
    column_shape column;
};

column_row column_of(row& from) {
    const std::string& type = from.text(2);
    return {.table = from.take_text(0),
            .column = {.name = from.take_text(1), .json = type == "json" || type == "jsonb"}};
}

std::pair<std::string, std::string> reference_of(row& from) {
    return {from.take_text(0), from.take_text(1)};
}

/// Takes, again and again, every table of which all that it refers to is there.
result<std::vector<table_shape>> in_order(std::vector<table_shape> left) {
    std::vector<table_shape> ordered;
    const auto is_there = [&ordered](const std::string& name) {
        return std::ranges::any_of(ordered, [&](const auto& one) { return one.name == name; });
    };
    while (!left.empty()) {
        const auto next = std::ranges::find_if(left, [&](const table_shape& one) {
            return std::ranges::all_of(one.refers_to, is_there);
        });
        if (next == left.end()) {
            return failure{error_code::internal, "tables of the schema refer to each other"};
        }
        ordered.push_back(std::move(*next));
        left.erase(next);
    }
    return ordered;
}

}  // namespace

result<std::vector<table_shape>> tables_of(database& on) {
    const bool embedded = std::string_view(on.driver()) == "sqlite";
    const auto& ask = embedded ? sqlite_catalogue : postgresql_catalogue;
    auto columns = decode_all<column_row>(on.execute(ask.columns), column_of);
    if (!columns) return columns.error();
    auto references =
        decode_all<std::pair<std::string, std::string>>(on.execute(ask.references), reference_of);
    if (!references) return references.error();

    std::vector<table_shape> tables;
    for (auto& [table, column] : *columns) {
        if (tables.empty() || tables.back().name != table) {
            tables.push_back({.name = std::move(table), .columns = {}, .refers_to = {}});
        }
        tables.back().columns.push_back(std::move(column));
    }
    for (auto& [from, to] : *references) {
        // A row may refer to another one of its own table.
        if (from == to) continue;
        const auto table = std::ranges::find(tables, from, &table_shape::name);
        if (table != tables.end()) table->refers_to.push_back(std::move(to));
    }
    return in_order(std::move(tables));
}

std::string quoted_name(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out += '"';
}

}  // namespace perin::persistence
