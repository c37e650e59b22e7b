#pragma once

#include "persistence/database.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace perin::persistence {

/// A statement about many rows, written out for 1, 2, 4, ... 64 of them: a server is asked few
/// times, and the texts stay few. What stands between its two parts is `VALUES (...), (...)` with
/// the parameters of each row, cast to their types.
class rows_statement {
  public:
    rows_statement(std::string_view before, std::span<const std::string_view> types,
                   std::string_view after);

    /// Runs it for all rows, whose parameters follow each other, and says how many rows it touched.
    /// None is fine.
    result<std::size_t> run(database& on, std::span<const value> parameters) const;

  private:
    static constexpr std::size_t sizes = 7;

    std::size_t width_;
    std::array<std::string, sizes> texts_;
};

}  // namespace perin::persistence
