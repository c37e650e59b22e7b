#include "net/front/delegation_json.hpp"

#include <nlohmann/json.hpp>

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

/// The protocol's name of a state.
std::string status_text(booking_state state) {
    if (state == booking_state::booked) return "confirmed";
    return std::string(to_string(state));
}

json booking_json(const booking& of) {
    return {{"id", of.id},
            {"status", status_text(of.state)},
            {"start", to_rfc3339(of.time.starts_at)},
            {"end", to_rfc3339(of.time.ends_at)},
            {"name", of.who.name},
            {"email", of.who.email},
            {"timezone", of.who.timezone},
            {"note", of.note.empty() ? json() : json(of.note)},
            {"createdAt", to_rfc3339(of.created_at)}};
}

}  // namespace

json link_json(const found_delegation& at, timestamp now) {
    const auto& link = at.link;
    auto out = to_json(link.rules);
    out["id"] = link.id;
    out["title"] = link.title;
    out["status"] = std::string(to_string(status_of(link, at.bookings, now)));
    out["approval"] = link.approval;
    out["expiresAt"] = to_rfc3339(link.expires_at);
    out["maxBookings"] = link.most_uses;
    out["maxTurns"] = link.most_turns;
    out["turns"] = link.turns;
    out["maxTokens"] = link.most_tokens;
    out["tokens"] = link.tokens;
    out["createdAt"] = to_rfc3339(link.created_at);
    auto bookings = json::array();
    for (const auto& each : at.bookings) bookings.push_back(booking_json(each));
    out["bookings"] = std::move(bookings);
    return out;
}

json link_json(const user& owner, const created_link& made, const std::string& base,
               timestamp now) {
    auto out = link_json(found_delegation{made.link, owner, {}}, now);
    out["url"] = link_url(base, made.token);
    return out;
}

json links_json(const delegation_page& page, timestamp now) {
    auto items = json::array();
    for (const auto& each : page.items) items.push_back(link_json(each, now));
    return {{"items", std::move(items)},
            {"nextCursor", page.next_cursor ? json(*page.next_cursor) : json()}};
}

json slot_json(const slot_taken& taken) {
    const auto& of = taken.at;
    return {{"id", of.id},
            {"status", status_text(of.state)},
            {"start", to_rfc3339(of.time.starts_at)},
            {"end", to_rfc3339(of.time.ends_at)},
            {"ics", taken.ics.empty() ? json() : json(taken.ics)}};
}

std::string link_url(const std::string& base, const std::string& token) {
    return base + "/d/" + token;
}

}  // namespace perin::net
