#pragma once

#include <cstdlib>

namespace perin::test {

/// A number that the environment may set.
[[nodiscard]] inline unsigned number_of(const char* name, unsigned standard) {
    const char* text = std::getenv(name);
    return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : standard;
}

}  // namespace perin::test
