#pragma once

#include "domain/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perin {

/// Where a booking is. The first three are active: they block their time, count for their day and
/// are a use of their link.
///
///     held ──► awaiting_approval ──► booked ──► cancelled
///      │ │             │  │
///      │ └─────────────┼──┼────────► booked, cancelled
///      └──► expired ◄──┘  └────────► declined, cancelled
enum class booking_state { held, awaiting_approval, booked, declined, cancelled, expired };

/// The name in the table.
[[nodiscard]] std::string_view to_string(booking_state state) noexcept;

[[nodiscard]] bool is_active(booking_state state) noexcept;

/// A meeting with its buffers; to the minute.
struct booking_time {
    timestamp starts_at = {};
    timestamp ends_at = {};
    timestamp blocked_from = {};
    timestamp blocked_until = {};
    /// Its day in the link's time zone, such as `2026-12-01`.
    std::string day;
    friend bool operator==(const booking_time&, const booking_time&) = default;
};

/// Who books from outside.
struct guest {
    std::string name;
    std::string email;
    std::string timezone;
    friend bool operator==(const guest&, const guest&) = default;
};

/// A time of an owner that somebody has taken.
struct booking {
    std::string id;
    /// Whose time it is.
    std::string user_id;
    std::optional<std::string> delegation_id = {};
    std::optional<std::string> negotiation_id = {};
    std::optional<std::string> conversation_id = {};
    std::optional<std::string> workflow_id = {};
    /// In the calendar, once it is there.
    std::optional<std::string> event_id = {};
    /// One key of an owner's is one booking.
    std::string idempotency_key;
    booking_state state = booking_state::held;
    booking_time time;
    /// Of a held one.
    std::optional<timestamp> hold_expires_at = {};
    /// Which of its day's bookings of this link it is, from 1.
    std::uint64_t day_number = 1;
    guest who = {};
    std::string note = {};
    /// One more with every change.
    std::uint64_t version = 1;
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const booking&, const booking&) = default;
};

}  // namespace perin
