#include "domain/calendar/event_request.hpp"
#include "domain/json.hpp"
#include "net/front/calendar_json.hpp"
#include "net/front/routes.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

/// A file of thousands of events is many commits.
constexpr std::chrono::minutes longest_import{5};
constexpr std::size_t most_listed = 1'000;

task<result<user>> owner_of(exchange& what, const std::string& email) {
    const find_user wanted{email};
    if (email.empty()) co_return failure{error_code::invalid_request, "is missing", {}, "email"};
    auto found = co_await what.server.ask().ask<user>(what.server.parts().reader, wanted);
    if (!found && found.error().code == error_code::not_found)
        co_return failure{error_code::not_found, "there is no user " + email};
    co_return found;
}

/// Of the address.
task<result<user>> owner_of(exchange& what) {
    const auto email = what.request.parameter("email").value_or("");
    co_return co_await owner_of(what, email);
}

template <class Reply, class Message>
task<result<Reply>> calendars(exchange& what, const Message& message,
                              std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
    return what.server.ask().ask<Reply>(what.server.parts().calendars, message, timeout);
}

task<http_out> list(exchange& what) {
    const auto limit = list_limit(what.request, most_listed, most_listed);
    if (!limit) co_return refuse(what, limit.error());
    list_entries wanted;
    wanted.limit = *limit;
    for (auto [name, into] : {std::pair{"from", &wanted.from}, std::pair{"until", &wanted.until}}) {
        const auto at = from_rfc3339(what.request.parameter(name).value_or(""));
        if (!at) co_return refuse(what, {error_code::invalid_request, "is not a time", {}, name});
        *into = *at;
    }
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    wanted.user_id = owner->id;
    const auto found = co_await calendars<listed_entries>(what, wanted);
    if (!found) co_return refuse(what, found.error());
    co_return json_answer(200, listed_json(wanted, *found));
}

task<http_out> add(exchange& what) {
    json_reader fields(what.body);
    const auto email = fields.required_text("email", 1, 320);
    const bool overlap = fields.optional_bool("overlap").value_or(false);
    if (fields.error()) co_return refuse(what, *fields.error());
    const auto wanted = calendar::event_request_of(what.body);
    if (!wanted) co_return refuse(what, wanted.error());
    const auto owner = co_await owner_of(what, email);
    if (!owner) co_return refuse(what, owner.error());
    auto event = calendar::event_of(*wanted, owner->timezone);
    if (!event) co_return refuse(what, event.error());
    const auto booking = own_event(*owner, std::move(*event), overlap);
    const auto outcome = co_await calendars<booking_outcome>(what, booking);
    if (!outcome) co_return refuse(what, outcome.error());
    const bool created = std::holds_alternative<time_booked>(*outcome);
    co_return json_answer(created ? 201 : 200, booked_json(*outcome, owner->timezone));
}

task<http_out> import(exchange& what) {
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    auto parse = [text = std::move(what.request.body)] { return calendar::parse_calendar(text); };
    auto read = co_await what.server.work().run(std::move(parse));
    if (!read) co_return refuse(what, read.error());
    import_events wanted;
    wanted.user_id = owner->id;
    wanted.events = std::move(read->events);
    const auto done = co_await calendars<events_imported>(what, wanted, longest_import);
    if (!done) co_return refuse(what, done.error());
    co_return json_answer(200, imported_json(*done, *read));
}

task<http_out> export_all(exchange& what) {
    const auto owner = co_await owner_of(what);
    if (!owner) co_return refuse(what, owner.error());
    const export_events wanted{owner->id};
    auto events = co_await calendars<std::vector<calendar::event>>(what, wanted);
    if (!events) co_return refuse(what, events.error());
    auto write = [all = std::move(*events), now = what.server.now()]() mutable {
        return result<std::string>(calendar_file(std::move(all), now));
    };
    auto text = co_await what.server.work().run(std::move(write));
    if (!text) co_return refuse(what, text.error());
    http_out out{200, calendar_type, std::move(*text)};
    co_return out;
}

task<http_out> change_feed(exchange& what) {
    json_reader fields(what.body);
    const auto email = fields.required_text("email", 1, 320);
    const auto word = fields.required_text("change", 1, 20);
    if (fields.error()) co_return refuse(what, *fields.error());
    const auto change = feed_change_of(word);
    if (!change)
        co_return refuse(what,
                         {error_code::invalid_request, "must be begin, replace or end", "/change"});
    const auto owner = co_await owner_of(what, email);
    if (!owner) co_return refuse(what, owner.error());
    const renew_feed wanted{owner->id, *change};
    const auto token = co_await calendars<std::string>(what, wanted);
    if (!token) co_return refuse(what, token.error());
    const auto url = token->empty() ? json() : json(feed_url(what.server.settings().url, *token));
    co_return json_answer(200, {{"url", url}});
}

}  // namespace

void add_calendar_routes(std::vector<route>& to) {
    auto add_route = [&](http_method method, const char* name, plain_handler handler) {
        to.push_back({method,
                      {"private", "calendar", name},
                      access::private_admin,
                      limit_class::none,
                      handler});
    };
    add_route(http_method::get, "events", list);
    add_route(http_method::post, "events", add);
    add_route(http_method::get, "export", export_all);
    add_route(http_method::post, "feed", change_feed);
    add_route(http_method::post, "import", import);
    to.back().body_type = "text/calendar";
    to.back().most_body = calendar::largest_calendar_file;
}

}  // namespace perin::net
