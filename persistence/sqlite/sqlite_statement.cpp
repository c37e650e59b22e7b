#include "persistence/sqlite/sqlite_statement.hpp"

#include "persistence/sqlite/sqlite_error.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace perin::persistence {

namespace {

/// Unbinds and rewinds at the end of a run: a statement that is left half-way holds its snapshot.
class run_guard {
  public:
    explicit run_guard(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    run_guard(const run_guard&) = delete;
    run_guard& operator=(const run_guard&) = delete;
    ~run_guard() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

  private:
    sqlite3_stmt* statement_;
};

failure malformed(const char* detail) { return {error_code::internal, detail}; }

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

}  // namespace

result<sqlite_statement> sqlite_statement::compile(sqlite3* connection, std::string_view sql) {
    if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        return sqlite_failure(SQLITE_TOOBIG);
    }
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, &tail);
    sqlite_statement compiled(raw);
    if (code != SQLITE_OK) return sqlite_failure(code);
    if (raw == nullptr) return malformed("there is no statement to run");
    const std::string_view rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
    if (!is_blank(rest)) return malformed("there is more than one statement to run");
    if (!compiled.number_parameters()) return malformed("a parameter has no number");
    return compiled;
}

bool sqlite_statement::number_parameters() {
    const int count = sqlite3_bind_parameter_count(statement_.get());
    for (int i = 1; i <= count; ++i) {
        const char* name = sqlite3_bind_parameter_name(statement_.get(), i);
        const std::string_view text = name == nullptr ? "" : name;
        if (text.size() < 2 || text.front() != '$') return false;
        std::size_t number = 0;
        const char* end = text.data() + text.size();
        const auto [read, error] = std::from_chars(text.data() + 1, end, number);
        if (error != std::errc{} || read != end || number == 0) return false;
        numbers_.push_back(number - 1);
        parameters_ = std::max(parameters_, number);
    }
    return true;
}

int sqlite_statement::bind(std::span<const value> parameters) {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        const int index = static_cast<int>(i) + 1;
        const value& parameter = parameters[numbers_[i]];
        int code = SQLITE_OK;
        // The texts outlive the run, so SQLite need not copy them.
        if (const auto* text = std::get_if<std::string>(&parameter)) {
            code = sqlite3_bind_text64(statement_.get(), index, text->data(), text->size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
        } else if (const auto* whole = std::get_if<std::int64_t>(&parameter)) {
            code = sqlite3_bind_int64(statement_.get(), index, *whole);
        } else if (const auto* real = std::get_if<double>(&parameter)) {
            code = sqlite3_bind_double(statement_.get(), index, *real);
        } else {
            code = sqlite3_bind_null(statement_.get(), index);
        }
        if (code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
}

result<row> sqlite_statement::current_row() const {
    sqlite3_stmt* statement = statement_.get();
    const int count = sqlite3_column_count(statement);
    std::vector<value> columns;
    columns.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        switch (sqlite3_column_type(statement, i)) {
            case SQLITE_NULL:
                columns.emplace_back();
                break;
            case SQLITE_INTEGER:
                columns.emplace_back(sqlite3_column_int64(statement, i));
                break;
            case SQLITE_FLOAT:
                columns.emplace_back(sqlite3_column_double(statement, i));
                break;
            case SQLITE_TEXT: {
                const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
                if (text == nullptr) return sqlite_failure(SQLITE_NOMEM);
                const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
                columns.emplace_back(std::in_place_type<std::string>, text, size);
                break;
            }
            default:
                return malformed("the database holds something that cannot be read");
        }
    }
    return row(std::move(columns));
}

result<rows> sqlite_statement::run(std::span<const value> parameters) {
    rows found;
    auto ran = run(parameters, [&found](row& next) {
        found.push_back(std::move(next));
        return true;
    });
    if (!ran) return ran.error();
    return found;
}

result<void> sqlite_statement::run(std::span<const value> parameters,
                                   const std::function<bool(row&)>& take) {
    if (parameters.size() != parameters_) {
        return malformed("a statement got the wrong number of parameters");
    }
    if (auto why = unstorable(parameters)) return *why;
    const run_guard guard(statement_.get());
    if (const int code = bind(parameters); code != SQLITE_OK) return sqlite_failure(code);
    for (;;) {
        const int code = sqlite3_step(statement_.get());
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return sqlite_failure(code);
        auto next = current_row();
        if (!next) return next.error();
        if (!take(*next)) return {};
    }
}

}  // namespace perin::persistence
