#include "persistence/rows_statement.hpp"

#include <algorithm>
#include <bit>

namespace perin::persistence {

namespace {

/// `VALUES` for that many rows.
std::string values_of(std::span<const std::string_view> types, std::size_t count) {
    std::string sql = "VALUES ";
    std::size_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sql += i == 0 ? "(" : ", (";
        for (std::size_t j = 0; j < types.size(); ++j) {
            if (j > 0) sql += ", ";
            sql.append("CAST($").append(std::to_string(++number)).append(" AS ");
            sql.append(types[j]).append(")");
        }
        sql += ")";
    }
    return sql;
}

}  // namespace

rows_statement::rows_statement(std::string_view before, std::span<const std::string_view> types,
                               std::string_view after)
    : width_(types.size()) {
    for (std::size_t i = 0; i < sizes; ++i) {
        texts_[i].append(before).append(values_of(types, std::size_t{1} << i)).append(after);
    }
}

result<std::size_t> rows_statement::run(database& on, std::span<const value> parameters) const {
    if (parameters.size() % width_ != 0)
        return failure{error_code::internal, "a row of a statement has another number of values"};
    std::size_t touched = 0;
    while (!parameters.empty()) {
        const auto fitting = static_cast<std::size_t>(std::bit_width(parameters.size() / width_));
        const std::size_t index = std::min(fitting, sizes) - 1;
        const std::size_t taken = (std::size_t{1} << index) * width_;
        const auto ran = on.execute(texts_[index], parameters.first(taken));
        if (!ran) return ran.error();
        touched += on.changed();
        parameters = parameters.subspan(taken);
    }
    return touched;
}

}  // namespace perin::persistence
