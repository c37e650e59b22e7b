#include "domain/calendar/calendar_entry.hpp"
#include "domain/chosen_slot.hpp"
#include "domain/id.hpp"
#include "domain/json.hpp"
#include "net/front/admission.hpp"
#include "net/front/delegation_json.hpp"
#include "net/front/routes.hpp"

#include <algorithm>
#include <charconv>

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

/// Slots are asked for of so long a time at once.
constexpr std::chrono::days longest_range{62};
constexpr std::size_t most_slots = 20'000;
/// A booking waits for its workflow.
constexpr std::chrono::seconds booking_timeout{40};

failure no_such_link() { return {error_code::not_found, "there is no such link"}; }
failure no_such_booking() { return {error_code::not_found, "there is no such booking"}; }

// --------------------------------------------------------------------------------------- owner

task<http_out> create(exchange& what) {
    auto& server = what.server;
    create_link wanted;
    wanted.owner = what.account();
    wanted.body = std::move(what.body);
    const auto made = co_await server.ask().ask<created_link>(server.parts().delegations, wanted);
    if (!made) co_return refuse(what, made.error());
    co_return json_answer(201,
                          link_json(what.account(), *made, server.settings().url, server.now()));
}

task<http_out> list(exchange& what) {
    auto& server = what.server;
    const auto limit = list_limit(what.request);
    if (!limit) co_return refuse(what, limit.error());
    list_delegations wanted;
    wanted.user_id = what.account().id;
    wanted.limit = *limit;
    wanted.cursor = what.request.parameter("cursor");
    const auto page = co_await server.ask().ask<delegation_page>(server.parts().reader, wanted);
    if (!page) co_return refuse(what, page.error());
    co_return json_answer(200, links_json(*page, server.now()));
}

task<http_out> show(exchange& what) {
    auto& server = what.server;
    const auto& id = what.request.path.back();
    if (!is_id(id, "dlg_")) co_return refuse(what, no_such_link());
    find_delegation wanted;
    wanted.user_id = what.account().id;
    wanted.id = id;
    const auto found = co_await server.ask().ask<found_delegation>(server.parts().reader, wanted);
    if (!found) co_return refuse(what, found.error());
    co_return json_answer(200, link_json(*found, server.now()));
}

task<http_out> revoke(exchange& what) {
    auto& server = what.server;
    const auto& id = what.request.path.back();
    if (!is_id(id, "dlg_")) co_return refuse(what, no_such_link());
    const revoke_link wanted{what.account().id, id};
    const auto done = co_await server.ask().ask<void>(server.parts().delegations, wanted);
    if (!done) co_return refuse(what, done.error());
    server.revoke({.delegation_id = id});
    co_return no_content();
}

// --------------------------------------------------------------------------------------- guest

task<http_out> show_public(exchange& what) {
    const auto& at = what.guest().at;
    auto lengths = json::array();
    for (const auto& each : at.link.rules.durations) lengths.push_back(each.count());
    co_return json_answer(200, {{"title", at.link.title},
                                {"ownerName", at.owner.name},
                                {"durationsMins", std::move(lengths)},
                                {"timezone", at.link.rules.timezone},
                                {"expiresAt", to_rfc3339(at.link.expires_at)},
                                {"approval", at.link.approval}});
}

failure bad_parameter(const char* name, std::string why) {
    return {error_code::invalid_request, std::move(why), {}, name};
}

/// What is asked of slots, and whose clock they are told on.
struct asked_slots {
    offer_slots wanted;
    std::string timezone;
};

result<asked_slots> read_slots(const http_in& request, const found_delegation& at, timestamp now) {
    asked_slots out;
    auto& wanted = out.wanted;
    wanted.delegation_id = at.link.id;
    wanted.user_id = at.link.user_id;
    wanted.limit = most_slots;
    wanted.from = now;
    if (const auto text = request.parameter("from")) {
        const auto from = from_rfc3339(*text);
        if (!from) return bad_parameter("from", "is not a time");
        wanted.from = *from;
    }
    wanted.until = wanted.from + longest_range;
    if (const auto text = request.parameter("to")) {
        const auto to = from_rfc3339(*text);
        if (!to) return bad_parameter("to", "is not a time");
        wanted.until = *to;
    }
    if (wanted.until <= wanted.from) return bad_parameter("to", "is not after from");
    if (wanted.until - wanted.from > longest_range)
        return bad_parameter("to", "is more than 62 days after from");
    wanted.duration = at.link.rules.durations.front();
    if (const auto text = request.parameter("durationMins")) {
        std::int64_t mins = 0;
        const auto* end = text->data() + text->size();
        const auto read = std::from_chars(text->data(), end, mins);
        if (read.ec != std::errc{} || read.ptr != end)
            return bad_parameter("durationMins", "must be a whole number");
        wanted.duration = std::chrono::minutes{std::clamp<std::int64_t>(mins, 0, 100'000)};
    }
    out.timezone = request.parameter("timezone").value_or(at.link.rules.timezone);
    if (!is_timezone(out.timezone)) return bad_parameter("timezone", "is not a known time zone");
    return out;
}

task<http_out> slots(exchange& what) {
    auto& server = what.server;
    const auto asked = read_slots(what.request, what.guest().at, server.now());
    if (!asked) co_return refuse(what, asked.error());
    const auto found = co_await server.ask().ask<std::vector<scheduling::interval>>(
        server.parts().delegations, asked->wanted);
    if (!found) co_return refuse(what, found.error());
    auto items = json::array();
    for (const auto& each : *found) items.push_back(calendar::slot_json(each, asked->timezone));
    co_return json_answer(200, {{"items", std::move(items)}});
}

/// A time that only another booking makes impossible, with others.
http_out taken(const exchange& what, const slot_refused& refused) {
    auto out = refuse(what, {error_code::conflict, "the time is taken"});
    auto body = nlohmann::ordered_json::parse(out.body);
    auto others = nlohmann::ordered_json::array();
    for (const auto& each : refused.alternatives)
        others.push_back({{"start", to_rfc3339(each.start)}, {"end", to_rfc3339(each.end)}});
    body["alternatives"] = std::move(others);
    out.body = body.dump();
    return out;
}

task<http_out> book(exchange& what) {
    auto& server = what.server;
    json_reader fields(what.body);
    auto key = fields.optional_text("idempotencyKey", 1, 100);
    if (fields.error()) co_return refuse(what, *fields.error());
    auto slot = chosen_slot_of(what.body);
    if (!slot) co_return refuse(what, slot.error());
    const auto& link = what.guest().at.link;
    book_slot wanted;
    wanted.delegation_id = link.id;
    wanted.user_id = link.user_id;
    wanted.starts_at = slot->starts_at;
    wanted.duration = slot->duration;
    wanted.who = std::move(slot->who);
    wanted.note = std::move(slot->note);
    wanted.idempotency_key = key.value_or("");
    const auto outcome = co_await server.ask().ask<slot_outcome>(server.parts().delegations, wanted,
                                                                 booking_timeout);
    if (!outcome) co_return refuse(what, outcome.error());
    if (const auto* refused = std::get_if<slot_refused>(&*outcome)) co_return taken(what, *refused);
    const auto& made = std::get<slot_taken>(*outcome);
    co_return json_answer(made.at.state == booking_state::booked ? 201 : 202, slot_json(made));
}

task<http_out> move(exchange& what) {
    auto& server = what.server;
    if (!is_id(what.request.path.back(), "bkg_")) co_return refuse(what, no_such_booking());
    json_reader fields(what.body);
    const auto start = fields.required_text("start", 1, 40);
    if (fields.error()) co_return refuse(what, *fields.error());
    const auto at = from_rfc3339(start);
    if (!at) co_return refuse(what, {error_code::invalid_request, "is not a time", "/start"});
    const auto& link = what.guest().at.link;
    const move_slot wanted{link.id, link.user_id, what.request.path.back(), *at};
    const auto outcome = co_await server.ask().ask<slot_outcome>(server.parts().delegations, wanted,
                                                                 booking_timeout);
    if (!outcome) co_return refuse(what, outcome.error());
    if (const auto* refused = std::get_if<slot_refused>(&*outcome)) co_return taken(what, *refused);
    co_return json_answer(200, slot_json(std::get<slot_taken>(*outcome)));
}

task<http_out> cancel(exchange& what) {
    auto& server = what.server;
    if (!is_id(what.request.path.back(), "bkg_")) co_return refuse(what, no_such_booking());
    const auto& link = what.guest().at.link;
    const cancel_slot wanted{link.id, link.user_id, what.request.path.back()};
    const auto done =
        co_await server.ask().ask<booking>(server.parts().delegations, wanted, booking_timeout);
    if (!done) co_return refuse(what, done.error());
    co_return no_content();
}

// ---------------------------------------------------------------------------------------- pages

/// 256 bits in base64url.
constexpr std::size_t token_length = 43;

bool can_be_token(std::string_view text) {
    return text.size() == token_length && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

/// Whoever follows a link on it does not tell its address.
http_out guarded(http_out of) {
    of.headers.emplace_back("Referrer-Policy", "no-referrer");
    of.headers.emplace_back("X-Robots-Tag", "noindex");
    return of;
}

http_out dead_page(const failure& why) {
    if (why.code == error_code::gone)
        return guarded(
            page(410, "This link no longer works",
                 "<p>" +
                     html_text(why.detail == "the link has expired" ? "It has expired."
                                                                    : "It was revoked.") +
                     " Ask whoever sent it to you for another one.</p>"));
    if (why.code == error_code::unauthenticated)
        return guarded(page(401, "This link is not known",
                            "<p>Is the address complete? Ask whoever sent it to you.</p>"));
    return guarded(page(status_of(why.code), "Something went wrong", "<p>Try again later.</p>"));
}

std::string guest_cookie(const front& server, const admitted_guest& who) {
    const auto life =
        std::chrono::duration_cast<std::chrono::seconds>(who.session_expires_at - server.now());
    std::string cookie = "perin_guest=" + who.session_secret +
                         "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" +
                         std::to_string(std::max<std::int64_t>(life.count(), 0));
    if (server.settings().url.starts_with("https://")) cookie += "; Secure";
    return cookie;
}

task<http_out> open_link(exchange& what) {
    auto& server = what.server;
    const auto& token = what.request.path.back();
    const failure unknown{error_code::unauthenticated, "the link is not known"};
    if (!can_be_token(token)) co_return dead_page(unknown);
    admit_guest wanted;
    wanted.secret = token;
    wanted.begins_session = true;
    wanted.known_session = what.request.cookie("perin_guest");
    const auto guest =
        co_await server.ask().ask<admitted_guest>(server.parts().delegations, wanted);
    if (!guest) co_return dead_page(guest.error());
    const auto& at = guest->at;
    std::string lengths;
    for (const auto& each : at.link.rules.durations)
        lengths += (lengths.empty() ? "" : ", ") + std::to_string(each.count());
    const auto state = guest->status == link_status::active
                           ? "<p>Choose a time of " + lengths + " minutes.</p>"
                           : std::string(
                                 "<p>No more can be booked by this link; what was booked "
                                 "can still be moved or cancelled.</p>");
    auto out = page(200, at.link.title,
                    "<p>A meeting with " + html_text(at.owner.name) + ".</p>\n" + state +
                        (at.link.approval ? "\n<p>Each time is confirmed by hand.</p>" : ""));
    if (!guest->session_secret.empty())
        out.headers.emplace_back("Set-Cookie", guest_cookie(server, *guest));
    co_return guarded(std::move(out));
}

}  // namespace

void add_delegation_routes(std::vector<route>& to) {
    auto owners = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        to.push_back({method, std::move(path), access::user, limit_class::delegations, handler});
    };
    auto guests = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        path.insert(path.begin(), {"api", "delegations", "public"});
        to.push_back({method, std::move(path), access::guest, limit_class::guest, handler});
    };
    owners(http_method::post, {"api", "delegations"}, create);
    owners(http_method::get, {"api", "delegations"}, list);
    owners(http_method::get, {"api", "delegations", "*"}, show);
    owners(http_method::delete_, {"api", "delegations", "*"}, revoke);
    // `public` is no id of a link: of the routes that fit the last one answers.
    guests(http_method::get, {}, show_public);
    guests(http_method::get, {"slots"}, slots);
    guests(http_method::post, {"bookings"}, book);
    guests(http_method::patch, {"bookings", "*"}, move);
    guests(http_method::delete_, {"bookings", "*"}, cancel);
    for (const auto method : {http_method::get, http_method::head})
        to.push_back({method, {"d", "*"}, access::open, limit_class::rest, open_link});
}

}  // namespace perin::net
