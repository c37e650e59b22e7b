#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace perin::cli {

using table = std::vector<std::vector<std::string>>;

/// Columns as wide as their widest cell, two spaces between them.
void print(std::ostream& out, const table& rows);

}  // namespace perin::cli
