#pragma once

#include "persistence/database.hpp"

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace perin::persistence {

/// A compiled statement of one connection, which must outlive it.
class sqlite_statement {
  public:
    /// `internal` where `sql` is not exactly one statement with parameters `$1`, `$2`, ...
    [[nodiscard]] static result<sqlite_statement> compile(sqlite3* connection,
                                                          std::string_view sql);

    /// Runs it to its end; ready to run again afterwards, whatever came out.
    [[nodiscard]] result<rows> run(std::span<const value> parameters);

    /// The same, row by row, until `take` returns false.
    [[nodiscard]] result<void> run(std::span<const value> parameters,
                                   const std::function<bool(row&)>& take);

  private:
    struct finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };

    explicit sqlite_statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}

    [[nodiscard]] bool number_parameters();
    [[nodiscard]] int bind(std::span<const value> parameters);
    [[nodiscard]] result<row> current_row() const;

    std::unique_ptr<sqlite3_stmt, finalize> statement_;
    /// SQLite numbers parameters by their first appearance; here is the number in each one's name,
    /// less one.
    std::vector<std::size_t> numbers_;
    /// How many values a run needs.
    std::size_t parameters_ = 0;
};

}  // namespace perin::persistence
