#pragma once

#include "domain/time.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

enum class notification_state { open, resolved, expired };

/// The protocol's name.
[[nodiscard]] std::string_view to_string(notification_state state) noexcept;

/// Something that a user is told, and may have to decide.
struct notification {
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
    friend bool operator==(const notification&, const notification&) = default;
};

/// The type of those by which a user approves a tool's call; its actions are `approve` and
/// `refuse`, and nobody but the user may choose one.
inline constexpr std::string_view tool_approval = "tool_approval";

/// The type of those by which an owner decides on a guest's booking; as `tool_approval`.
inline constexpr std::string_view booking_approval = "booking_approval";

/// As the protocol shows it (Network and notifications). A payload or actions that are no JSON are
/// an empty object and an empty list.
[[nodiscard]] nlohmann::json to_json(const notification& one);

/// The actions in their order.
[[nodiscard]] std::vector<std::string> actions_of(const notification& one);

/// One that waits for its user, as a turn and its model know it.
struct open_notification {
    std::string id;
    std::string type;
    std::string title = {};
    std::vector<std::string> actions = {};
    /// It belongs to another conversation than the turn's.
    bool elsewhere = false;
    friend bool operator==(const open_notification&, const open_notification&) = default;
};

/// What a user's message decides: one of the actions of an open notification.
struct notification_answer {
    std::string id;
    std::string action;
    friend bool operator==(const notification_answer&, const notification_answer&) = default;
};

}  // namespace perin
