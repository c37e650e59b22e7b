#pragma once

#include "runtime/delegation_messages.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace perin::net {

/// A link as its owner sees it: what it was asked for with, and `id`, `status`, `createdAt`,
/// `turns` and `bookings`.
[[nodiscard]] nlohmann::json link_json(const runtime::found_delegation& at, timestamp now);

/// The same of one that was made just now, with its `url`.
[[nodiscard]] nlohmann::json link_json(const user& owner, const runtime::created_link& made,
                                       const std::string& base, timestamp now);

/// `{"items","nextCursor"}`.
[[nodiscard]] nlohmann::json links_json(const runtime::delegation_page& page, timestamp now);

/// `{"id","status","start","end","ics"}`: a booking as its guest sees it.
[[nodiscard]] nlohmann::json slot_json(const runtime::slot_taken& taken);

/// Where a link is opened by its token, below `base`.
[[nodiscard]] std::string link_url(const std::string& base, const std::string& token);

}  // namespace perin::net
