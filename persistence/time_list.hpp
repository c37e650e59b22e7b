#pragma once

#include "domain/result.hpp"
#include "persistence/cursor.hpp"
#include "persistence/page.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace perin::persistence {

/// Where a page of a list by time of creation, newest first, begins, and how long it may be.
struct page_request {
    list_position after;
    std::size_t wanted = 0;
};

/// `invalid_request` with parameter `cursor` where that is not ours.
[[nodiscard]] inline result<page_request> begin_page(std::size_t limit,
                                                     const std::optional<std::string>& cursor) {
    /// Longer than any caller asks for.
    constexpr std::size_t longest = 10'000;
    page_request request{.after = {.created_at = timestamp::max(), .id = {}},
                         .wanted = std::min(limit, longest)};
    if (!cursor) return request;
    auto position = from_cursor(*cursor);
    if (!position) {
        return failure{error_code::invalid_request, "is not a cursor of this list", "", "cursor"};
    }
    request.after = std::move(*position);
    return request;
}

/// The page of what was found: one more row than wanted tells that there is a next page.
template <class Row>
result<page<Row>> end_page(const page_request& request, result<std::vector<Row>> found) {
    if (!found) return found.error();
    page<Row> part{.items = std::move(*found), .next_cursor = {}};
    if (part.items.size() <= request.wanted) return part;
    part.items.resize(request.wanted);
    if (request.wanted > 0) {
        const Row& last = part.items.back();
        part.next_cursor = to_cursor({.created_at = last.created_at, .id = last.id});
    }
    return part;
}

}  // namespace perin::persistence
