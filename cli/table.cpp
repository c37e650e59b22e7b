#include "cli/table.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <ostream>

namespace perin::cli {

void print(std::ostream& out, const table& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], code_points(row[i]));
        }
    }
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool last = i + 1 == row.size();
            out << row[i] << std::string(last ? 0 : widths[i] - code_points(row[i]) + 2, ' ');
        }
        out << '\n';
    }
}

}  // namespace perin::cli
