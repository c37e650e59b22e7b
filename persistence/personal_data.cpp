#include "persistence/personal_data.hpp"

#include "domain/time.hpp"
#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/personal_tables.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace perin::persistence {

namespace {

using nlohmann::ordered_json;

/// A document that is none is exported as the text that it is.
ordered_json document(const std::string& text) {
    auto parsed = ordered_json::parse(text, nullptr, false);
    if (parsed.is_discarded()) return text;
    return parsed;
}

ordered_json plain(const value& what) {
    if (const auto* whole = std::get_if<std::int64_t>(&what)) return *whole;
    if (const auto* real = std::get_if<double>(&what)) return *real;
    return std::get<std::string>(what);
}

ordered_json exported(const row& from, std::size_t index, personal_format format) {
    if (from.is_null(index)) return nullptr;
    switch (format) {
        case personal_format::document:
            return document(from.text(index));
        case personal_format::time:
            return to_rfc3339(time_column(from, index));
        case personal_format::flag:
            return from.integer(index) != 0;
        case personal_format::plain:
        case personal_format::withheld:
            break;
    }
    return plain(from.at(index));
}

std::vector<personal_column> shown_columns(const personal_table& table) {
    std::vector<personal_column> shown;
    for (const auto& each : table.columns) {
        if (each.format != personal_format::withheld) shown.push_back(each);
    }
    return shown;
}

std::string export_query(const personal_table& table, std::span<const personal_column> shown) {
    std::string sql = "SELECT ";
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (i > 0) sql += ", ";
        sql += shown[i].name;
    }
    sql.append(" FROM ").append(table.name).append(" WHERE ").append(table.rows);
    return sql.append(" ORDER BY ").append(table.order);
}

/// False where `take` wants no more.
result<bool> export_table(database& on, const personal_table& table, const std::string& user_id,
                          const take_personal_row& take) {
    const auto shown = shown_columns(table);
    bool readable = true;
    bool wanted = true;
    const std::array<value, 1> parameters = {user_id};
    const auto ran = on.each(export_query(table, shown), parameters, [&](row& from) {
        auto all = ordered_json::object();
        try {
            for (std::size_t i = 0; i < shown.size(); ++i) {
                all[std::string(shown[i].name)] = exported(from, i, shown[i].format);
            }
        } catch (const unreadable_row&) {
            readable = false;
            return false;
        }
        wanted = take(table.name, all.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
        return wanted;
    });
    if (!ran) return ran.error();
    if (!readable) return unreadable();
    return wanted;
}

result<void> require_user(database& on, const std::string& user_id) {
    const auto found = on.execute("SELECT id FROM users WHERE id = $1", {user_id});
    if (!found) return found.error();
    if (found->empty()) return failure{error_code::not_found, "there is no such user"};
    return {};
}

}  // namespace

result<void> export_personal_data(database& on, const std::string& user_id,
                                  const take_personal_row& take) {
    if (auto there = require_user(on, user_id); !there) return there;
    const auto tables = personal_tables();
    for (std::size_t i = tables.size(); i-- > 0;) {
        const personal_table& table = tables[i];
        if (table.kind == personal_kind::nobodys) continue;
        const auto wanted = export_table(on, table, user_id, take);
        if (!wanted) return wanted.error();
        if (!*wanted) return {};
    }
    return {};
}

result<std::size_t> erase_personal_data(database& on, const std::string& user_id) {
    if (auto there = require_user(on, user_id); !there) return there.error();
    std::size_t removed = 0;
    const auto run = [&](std::string_view sql) -> result<void> {
        if (auto ran = on.execute(sql, {user_id}); !ran) return ran.error();
        if (sql.starts_with("DELETE")) removed += on.changed();
        return {};
    };
    for (const personal_table& table : personal_tables()) {
        if (table.kind == personal_kind::nobodys) continue;
        if (table.erase.empty()) {
            std::string sql = "DELETE FROM ";
            sql.append(table.name).append(" WHERE ").append(table.rows);
            if (auto ran = run(sql); !ran) return ran.error();
        }
        for (const auto sql : table.erase) {
            if (auto ran = run(sql); !ran) return ran.error();
        }
    }
    return removed;
}

}  // namespace perin::persistence
