#pragma once

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// A part of a list, and where the next part begins.
template <class T>
struct page {
    std::vector<T> items;
    /// Opaque; nothing at the end of the list.
    std::optional<std::string> next_cursor;
};

}  // namespace perin::persistence
