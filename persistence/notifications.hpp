#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/page.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

enum class notification_state { open, resolved, expired };

/// The protocol's name.
[[nodiscard]] std::string_view to_string(notification_state state) noexcept;

/// Something that a user is told, and may have to decide.
struct notification_row {
    std::string id;
    std::string user_id;
    /// Another user whom it tells of.
    std::optional<std::string> about_user_id = {};
    std::string type;
    /// What it is about: a booking, a negotiation, a stream.
    std::string subject = {};
    std::string title = {};
    /// JSON documents: compared as JSON.
    std::string payload = "{}";
    std::string actions = "[]";
    notification_state state = notification_state::open;
    /// What it was resolved with.
    std::optional<std::string> resolution = {};
    timestamp created_at = {};
    std::optional<timestamp> expires_at = {};
    std::optional<timestamp> closed_at = {};
    friend bool operator==(const notification_row&, const notification_row&) = default;
};

/// What users are told. No method begins a transaction.
class notification_repository {
  public:
    explicit notification_repository(database& on) noexcept : on_(on) {}

    /// `conflict` where the id is taken. `state`, `resolution` and `closed_at` are not looked at.
    result<void> create(const notification_row& fresh);

    [[nodiscard]] result<std::optional<notification_row>> find(const std::string& user_id,
                                                               const std::string& id);

    /// Newest `created_at` first, of equal ones the higher id first; those in a state, or all.
    /// `invalid_request` with parameter `cursor` where that is not ours.
    [[nodiscard]] result<page<notification_row>> list(
        const std::string& user_id, const std::optional<notification_state>& state,
        std::size_t limit, const std::optional<std::string>& cursor);

    /// Closes an open one; of two callers only one does. `not_found` where there is none,
    /// `conflict` where it is resolved, `gone` where it has expired, also when nobody has written
    /// that yet.
    result<void> resolve(const std::string& user_id, const std::string& id,
                         const std::string& resolution, timestamp now);

    /// Closes up to `limit` open ones whose time is over, and gives them, by expiry.
    result<std::vector<notification_row>> expire(timestamp now, std::size_t limit);

  private:
    database& on_;
};

}  // namespace perin::persistence
