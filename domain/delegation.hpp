#pragma once

#include "domain/account.hpp"
#include "domain/booking.hpp"
#include "domain/result.hpp"
#include "domain/scheduling/availability.hpp"

#include <date/date.h>
#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin {

/// When a link lets somebody book (features section 4).
struct link_rules {
    /// Of a meeting; sorted, each once, 5 to 720.
    std::vector<std::chrono::minutes> durations;
    /// Days of the link's zone, both included.
    date::local_days first_day = {};
    date::local_days last_day = {};
    /// IANA name.
    std::string timezone = "UTC";
    scheduling::working_hours hours = scheduling::office_hours();
    scheduling::buffers around = {};
    std::chrono::minutes notice{120};
    std::chrono::minutes step{30};
    std::optional<std::size_t> most_a_day = {};
    friend bool operator==(const link_rules&, const link_rules&) = default;
};

enum class link_status { active, spent, expired, revoked };

/// The protocol's name.
[[nodiscard]] std::string_view to_string(link_status status) noexcept;

/// A link by which somebody outside books a time of its owner's.
struct delegation {
    /// `dlg_` and a UUIDv7.
    std::string id;
    std::string user_id;
    std::string title;
    link_rules rules;
    /// The owner decides on each booking.
    bool approval = false;
    timestamp expires_at = {};
    /// Bookings that count.
    std::uint64_t uses = 0;
    std::uint64_t most_uses = 1;
    std::uint64_t turns = 0;
    std::uint64_t most_turns = 50;
    /// Of the model, that those turns have cost.
    std::uint64_t tokens = 0;
    std::uint64_t most_tokens = 200'000;
    std::optional<timestamp> revoked_at = {};
    timestamp created_at = {};
    friend bool operator==(const delegation&, const delegation&) = default;
};

/// Tokens of the model that a guest's turn with the message is counted with before it begins: the
/// message, what the model is told of the link, and a short answer.
[[nodiscard]] std::uint64_t least_turn_tokens(const std::string& message);

/// Why a guest may take no turn by the link; nothing where one is left.
[[nodiscard]] std::optional<failure> no_turn_left(const delegation& link, timestamp now);

/// Revoked goes before expired, that before spent.
[[nodiscard]] link_status status_of(const delegation& link, timestamp now) noexcept;

/// The same with what was booked by it: a hold past its time is no use any more, though nobody may
/// have written that yet.
[[nodiscard]] link_status status_of(const delegation& link, const std::vector<booking>& booked,
                                    timestamp now);

/// A link as its owner asks for it: the body of `POST /api/delegations`, with the defaults of the
/// protocol where a field is absent. Its id and user are the caller's to fill. `invalid_request`
/// with the pointer of the field that is wrong.
[[nodiscard]] result<delegation> delegation_of(const nlohmann::json& body, const user& owner,
                                               timestamp now);

/// The rules with the names of the protocol, `durationsMins` to `maxPerDay`.
[[nodiscard]] nlohmann::json to_json(const link_rules& rules);

/// Reads what `to_json` has written, or what a person has: all but `durationsMins` is optional,
/// with the given zone and first day as defaults.
[[nodiscard]] result<link_rules> link_rules_of(const nlohmann::json& written,
                                               const std::string& timezone, date::local_days today);

/// What the rules say of the owner's time, for the engine; `busy` is empty.
[[nodiscard]] scheduling::person person_of(const link_rules& rules);

}  // namespace perin
