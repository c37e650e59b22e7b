#pragma once

#include "domain/account.hpp"
#include "domain/booking.hpp"
#include "domain/delegation.hpp"
#include "runtime/messages.hpp"

#include <nlohmann/json.hpp>

/// What the links for guests are asked, and what they ask of the store.
namespace perin::runtime {

// --------------------------------------------------------------------------------- store, reader

/// A new link; its secret is kept as a hash only.
struct put_delegation {
    delegation link;
    std::string token_hash;
};
/// It works no longer; one that is revoked already stays as it is.
struct revoke_delegation {
    std::string user_id;
    std::string id;
};
/// Counts a guest's turn: `gone` where the link has none left, is revoked or has expired.
struct count_guest_turn {
    std::string delegation_id;
};
/// A guest's browser, from a first visit on.
struct put_guest_session {
    std::string id;
    std::string delegation_id;
    std::string hash;
    timestamp expires_at = {};
};
/// The conversation that a guest's session has begun.
struct bind_guest_session {
    std::string id;
    std::string conversation_id;
};

struct commit_delegation {
    std::variant<put_delegation, revoke_delegation, count_guest_turn, put_guest_session,
                 bind_guest_session>
        change;
    timestamp at = {};
};

/// By the owner and the id, or by the secret alone; `not_found`.
struct find_delegation {
    std::string user_id = {};
    std::string id = {};
    std::string token = {};
};

/// A link with whose it is, and what was booked by it, newest first.
struct found_delegation {
    delegation link;
    user owner;
    std::vector<booking> bookings = {};
};

struct list_delegations {
    std::string user_id;
    std::size_t limit = 20;
    std::optional<std::string> cursor = {};
};

struct delegation_page {
    std::vector<found_delegation> items;
    std::optional<std::string> next_cursor = {};
};

/// By the secret of its cookie; `not_found`.
struct find_guest_session {
    std::string secret;
};

struct found_guest_session {
    std::string id;
    std::string delegation_id;
    /// That it has begun, where it has.
    std::optional<std::string> conversation_id = {};
    timestamp expires_at = {};
    found_delegation at;
};

// ---------------------------------------------------------------------------------- delegations

/// A link as its owner asks for it: the body of `POST /api/delegations`.
struct create_link {
    user owner;
    nlohmann::json body;
};

struct created_link {
    delegation link;
    /// The secret part of its address, told once.
    std::string token;
};

struct revoke_link {
    std::string user_id;
    std::string id;
};

/// A guest is at the door. `unauthenticated` where the secret is unknown; `gone` where the link is
/// revoked, or has expired and nothing that was booked by it is to come.
struct admit_guest {
    /// The link's token, or the secret of a session's cookie.
    std::string secret;
    bool by_session = false;
    /// Makes a session for a browser: by the link's token only.
    bool begins_session = false;
    /// Of a browser that has a cookie: where that is a good one of this link, no other is made.
    std::string known_session = {};
};

struct admitted_guest {
    found_delegation at;
    /// `active`, `spent` or `expired`.
    link_status status = link_status::active;
    std::optional<std::string> session_id = {};
    std::optional<std::string> conversation_id = {};
    /// Of a session that was made: the cookie's secret, and until when it is good.
    std::string session_secret = {};
    timestamp session_expires_at = {};
};

/// The times that a link offers; `gone` where it offers none any more.
struct offer_slots {
    std::string delegation_id;
    std::string user_id;
    timestamp from = {};
    timestamp until = {};
    std::chrono::minutes duration{0};
    std::size_t limit = 500;
};

/// A guest takes a time: it goes through the workflow of the link.
struct book_slot {
    std::string delegation_id;
    std::string user_id;
    timestamp starts_at = {};
    std::chrono::minutes duration{0};
    guest who;
    std::string note = {};
    /// Of the request: one key is one booking. Empty: none.
    std::string idempotency_key = {};
};

/// Another time for a booking of the link; an approval link asks again.
struct move_slot {
    std::string delegation_id;
    std::string user_id;
    std::string booking_id;
    timestamp starts_at = {};
};

struct cancel_slot {
    std::string delegation_id;
    std::string user_id;
    std::string booking_id;
};

/// What came of it: the booking, and as an invitation, or why not.
struct slot_taken {
    booking at;
    /// iCalendar text; empty while it awaits approval.
    std::string ics = {};
};
struct slot_refused {
    /// Other times.
    std::vector<scheduling::interval> alternatives = {};
};
using slot_outcome = std::variant<slot_taken, slot_refused>;

/// Before a guest's turn in chat: it is counted; `gone` where the link has none left.
struct take_guest_turn {
    std::string delegation_id;
    /// The session's new conversation.
    std::optional<bind_guest_session> begins = {};
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::commit_delegation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_delegation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_delegations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_guest_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::create_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::revoke_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::admit_guest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::offer_slots)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::book_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::move_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::cancel_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::take_guest_turn)
