#include "persistence/database_copy.hpp"

#include "persistence/database_schema.hpp"
#include "persistence/migrations.hpp"
#include "persistence/row_digest.hpp"
#include "persistence/snapshot_reading.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace perin::persistence {

namespace {

/// Written by `migrate` alone.
constexpr std::string_view migrations_table = "migrations";

/// Rows of one statement. Few numbers, so that the texts of statements stay few.
constexpr std::array<std::size_t, 4> batches = {64, 16, 4, 1};
/// Parameters of one statement; SQLite takes 32,766.
constexpr std::size_t most_parameters = 16'000;
/// Bytes of rows that wait to be written.
constexpr std::size_t most_waiting = std::size_t{4} << 20U;

failure in_table(const std::string& name, failure why) {
    why.detail = "table " + name + ": " + why.detail;
    return why;
}

std::string list_of_names(const table_shape& of) {
    std::string names;
    for (const auto& column : of.columns) {
        names += (names.empty() ? "" : ", ") + quoted_name(column.name);
    }
    return names;
}

std::string select_all(const table_shape& of) {
    return "SELECT " + list_of_names(of) + " FROM " + quoted_name(of.name);
}

std::string insert_rows(const table_shape& into, std::size_t count) {
    std::string sql =
        "INSERT INTO " + quoted_name(into.name) + " (" + list_of_names(into) + ") VALUES ";
    std::size_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sql += i == 0 ? "(" : ", (";
        for (std::size_t j = 0; j < into.columns.size(); ++j) {
            sql += (j == 0 ? "$" : ", $") + std::to_string(++number);
        }
        sql += ')';
    }
    return sql;
}

/// Rows on their way into a table.
class row_batch {
  public:
    row_batch(database& on, const table_shape& into) : on_(on), into_(into) {}

    result<void> add(const row& next) {
        for (std::size_t i = 0; i < next.size(); ++i) {
            values_.push_back(next.at(i));
            const auto* text = std::get_if<std::string>(&next.at(i));
            bytes_ += sizeof(value) + (text == nullptr ? 0 : text->size());
        }
        const auto rows = values_.size() / into_.columns.size();
        if (rows < batches.front() && bytes_ < most_waiting) return {};
        return write();
    }

    result<void> write() {
        const std::size_t width = into_.columns.size();
        std::span<const value> left = values_;
        while (!left.empty()) {
            const auto fitting = std::ranges::find_if(batches, [&](std::size_t count) {
                return count * width <= std::min(left.size(), most_parameters);
            });
            const auto count = fitting == batches.end() ? 1 : *fitting;
            const auto part = left.first(count * width);
            if (auto done = on_.execute(insert_rows(into_, count), part); !done) {
                return done.error();
            }
            left = left.subspan(part.size());
        }
        values_.clear();
        bytes_ = 0;
        return {};
    }

  private:
    database& on_;
    const table_shape& into_;
    std::vector<value> values_;
    std::size_t bytes_ = 0;
};

/// Which of the columns one of the two databases keeps as JSON.
std::vector<bool> json_columns(const table_shape& a, const table_shape& b) {
    std::vector<bool> json;
    for (std::size_t i = 0; i < a.columns.size(); ++i) {
        json.push_back(a.columns[i].json || b.columns[i].json);
    }
    return json;
}

bool have_same_columns(const table_shape& a, const table_shape& b) {
    return std::ranges::equal(a.columns, b.columns, {}, &column_shape::name, &column_shape::name);
}

/// Hands every row of the table to the digest and to `take`.
result<row_digest> read_table(database& on, const table_shape& from, std::vector<bool> json,
                              const std::function<result<void>(const row&)>& take) {
    row_digest digest(std::move(json));
    result<void> taken;
    auto read = on.each(select_all(from), {}, [&](row& next) {
        digest.add(next);
        if (take) taken = take(next);
        return taken.has_value();
    });
    if (!taken) return taken.error();
    if (!read) return read.error();
    return digest;
}

result<copied_table> copy_table(database& source, database& target, const table_shape& from,
                                const table_shape& to) {
    const auto json = json_columns(from, to);
    row_batch batch(target, to);
    const auto read =
        read_table(source, from, json, [&batch](const row& next) { return batch.add(next); });
    if (!read) return read.error();
    if (auto written = batch.write(); !written) return written.error();
    const auto there = read_table(target, to, json, {});
    if (!there) return there.error();
    if (*there != *read) {
        return failure{error_code::internal, "what was written is not what was read"};
    }
    return copied_table{from.name, read->rows()};
}

result<bool> is_empty(database& on, const table_shape& table) {
    const auto first = on.execute("SELECT 1 FROM " + quoted_name(table.name) + " LIMIT 1");
    if (!first) return first.error();
    return first->empty();
}

/// The tables of a database whose schema is the one that this program knows.
result<std::vector<table_shape>> current_tables(database& on, const char* which) {
    const auto version = schema_version(on);
    if (!version) return version.error();
    const auto known = known_migrations().back().number;
    if (*version != known) {
        return failure{error_code::conflict, std::string("the schema of the ") + which +
                                                 " is at step " + std::to_string(*version) +
                                                 ", this program's at step " +
                                                 std::to_string(known)};
    }
    return tables_of(on);
}

}  // namespace

result<bool> holds_nothing(database& on) {
    const auto tables = tables_of(on);
    if (!tables) return tables.error();
    for (const auto& table : *tables) {
        if (table.name == migrations_table) continue;
        const auto empty = is_empty(on, table);
        if (!empty) return in_table(table.name, empty.error());
        if (!*empty) return false;
    }
    return true;
}

result<std::vector<copied_table>> copy_database(database& source, database& target,
                                                const copy_hooks& hooks) {
    auto reading = begin_snapshot(source);
    if (!reading) return reading.error();
    auto writing = transaction::begin(target);
    if (!writing) return writing.error();
    if (auto ready = take_time(target); !ready) return ready.error();
    const auto from = current_tables(source, "source");
    if (!from) return from.error();
    const auto to = current_tables(target, "target");
    if (!to) return to.error();
    const auto empty = holds_nothing(target);
    if (!empty) return empty.error();
    if (!*empty) return failure{error_code::conflict, "the target holds data already"};

    std::vector<copied_table> copied;
    for (const auto& table : *from) {
        if (table.name == migrations_table) continue;
        const auto same = std::ranges::find(*to, table.name, &table_shape::name);
        if (same == to->end() || !have_same_columns(table, *same) || from->size() != to->size()) {
            return failure{error_code::internal, "the schemas of the two are not the same"};
        }
        auto done = copy_table(source, target, table, *same);
        if (!done) return in_table(table.name, done.error());
        if (hooks.copied) hooks.copied(*done);
        copied.push_back(std::move(*done));
    }
    if (hooks.may_end) {
        if (auto may = hooks.may_end(); !may) return may.error();
    }
    if (auto committed = writing->commit(); !committed) return committed.error();
    return copied;
}

}  // namespace perin::persistence
