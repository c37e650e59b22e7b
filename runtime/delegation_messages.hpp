#pragma once

#include "domain/account.hpp"
#include "domain/booking.hpp"
#include "domain/chosen_slot.hpp"
#include "domain/delegation.hpp"
#include "domain/link_context.hpp"
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
/// What a guest's turn has cost besides the tokens that it was accepted with.
struct count_guest_tokens {
    std::string delegation_id;
    std::uint64_t tokens = 0;
};
/// A guest's browser, from a first visit on, with its own conversation.
struct put_guest_session {
    std::string id;
    std::string delegation_id;
    std::string conversation_id;
    std::string hash;
    timestamp expires_at = {};
};

struct commit_delegation {
    std::variant<put_delegation, revoke_delegation, count_guest_tokens, put_guest_session> change;
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
    /// Its own, and whether that was deleted.
    std::string conversation_id;
    bool conversation_deleted = false;
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
    /// In place of the secret, of a guest who was let in before: the link and its owner.
    std::string user_id = {};
    std::string delegation_id = {};
};

struct admitted_guest {
    found_delegation at;
    /// `active`, `spent` or `expired`.
    link_status status = link_status::active;
    /// Of a browser's session: that, and its own conversation.
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

// ------------------------------------------------------------------------------ a guest's chat

/// By whose link a guest is here, and where the guest talks: decided before any model is asked.
struct guest_call {
    std::string delegation_id;
    /// The link's owner.
    std::string user_id;
    std::string conversation_id;
    friend bool operator==(const guest_call&, const guest_call&) = default;
};

/// Begins the booking workflow of a guest's conversation, or finds the one that is under way. The
/// answer waits until it rests, 10 s at most.
struct begin_guest_booking {
    std::string delegation_id;
    std::string user_id;
    std::string conversation_id;
    std::string turn_id;
    /// Why, as people are told.
    std::string reasoning;
    /// 0 to 1.
    double confidence = 1;
};

/// What a guest's turn may know.
struct guest_standing {
    std::string delegation_id;
    std::string user_id;
    std::string conversation_id;
};

struct guest_stand {
    link_context link;
    /// The booking workflow that is under way in the conversation.
    std::optional<std::string> workflow_id = {};
    friend bool operator==(const guest_stand&, const guest_stand&) = default;
};

/// A guest who chats has chosen a time: the conversation's workflow is answered, one is begun where
/// none is under way. The answer waits until it rests, 10 s at most.
struct choose_slot {
    std::string delegation_id;
    std::string user_id;
    std::string conversation_id;
    std::string turn_id;
    /// 1 to 200 characters. The same once more is the same choice, and books nothing more.
    std::string call_key;
    /// A duration of zero: the link's shortest.
    chosen_slot slot;
};

/// It is taken for the guest.
struct slot_chosen {
    /// `booked`, `awaiting_approval` or `under_way`.
    meeting_progress progress = meeting_progress::under_way;
    scheduling::interval time = {};
    /// Nothing while it is not held yet, such as while the workflow is paused.
    std::optional<std::string> booking_id = {};
    friend bool operator==(const slot_chosen&, const slot_chosen&) = default;
};
using slot_choice = std::variant<slot_chosen, slot_refused>;

/// After a guest's turn: what it has cost besides the tokens that it was accepted with.
struct spend_guest_tokens {
    std::string delegation_id;
    std::uint64_t tokens = 0;
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::begin_guest_booking)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::guest_standing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::choose_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::spend_guest_tokens)
