#include "net/front/calendar_json.hpp"
#include "net/front/routes.hpp"

#include <algorithm>
#include <array>

namespace perin::net {

using namespace runtime;

namespace {

/// 256 bits in base64url (RFC 4648 section 5).
constexpr std::size_t token_length = 43;
constexpr std::string_view ending = ".ics";

failure no_such_calendar() { return {error_code::not_found, "there is nothing at this address"}; }

/// The token of `<token>.ics`; nothing where it cannot be one.
std::optional<std::string_view> token_of(std::string_view name) {
    if (name.size() != token_length + ending.size() || !name.ends_with(ending)) return {};
    name.remove_suffix(ending.size());
    const bool fits = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
    if (!fits) return {};
    return name;
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
std::string http_date(timestamp at) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(seconds - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text.data();
}

/// Whether the client has what is there (RFC 9110 section 13.1): by its tag, or where it names none
/// by the date that we gave it.
bool is_known(const http_in& request, const std::string& tag, const std::string& date) {
    std::string_view known = request.header("if-none-match");
    if (known.empty()) return request.header("if-modified-since") == date;
    while (!known.empty()) {
        const auto end = std::min(known.find(','), known.size());
        auto one = known.substr(0, end);
        known.remove_prefix(std::min(end + 1, known.size()));
        while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
        while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
        if (one.starts_with("W/")) one.remove_prefix(2);
        if (one == "*" || one == tag) return true;
    }
    return false;
}

/// Nobody keeps it for others, and whoever follows a link in it does not tell the address.
void guard(http_out& answer) {
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("Referrer-Policy", "no-referrer");
    answer.headers.emplace_back("X-Robots-Tag", "noindex");
}

http_out refused(const exchange& what, const failure& why) {
    auto out = refuse(what, why);
    guard(out);
    return out;
}

task<http_out> read_feed(exchange& what) {
    auto& server = what.server;
    const auto token = token_of(what.request.path.back());
    if (!token) co_return refused(what, no_such_calendar());
    const find_feed_owner wanted{std::string(*token)};
    const auto found = co_await server.ask().ask<feed_owner>(server.parts().reader, wanted);
    if (!found)
        co_return refused(
            what, found.error().code == error_code::not_found ? no_such_calendar() : found.error());
    const auto tag = "\"" + std::to_string(found->version) + "-" +
                     std::to_string(found->changed_at.time_since_epoch().count()) + "\"";
    const auto date = http_date(found->changed_at);
    http_out out{304, calendar_type, ""};
    out.headers = {{"ETag", tag}, {"Last-Modified", date}};
    guard(out);
    if (is_known(what.request, tag, date)) co_return out;
    const export_events all{found->owner.id};
    auto events =
        co_await server.ask().ask<std::vector<calendar::event>>(server.parts().calendars, all);
    if (!events) co_return refused(what, events.error());
    auto write = [rows = std::move(*events), at = found->changed_at]() mutable {
        return result<std::string>(calendar_file(std::move(rows), at));
    };
    auto text = co_await server.work().run(std::move(write));
    if (!text) co_return refused(what, text.error());
    out.status = 200;
    out.body = std::move(*text);
    out.headers.emplace_back("Content-Disposition", "inline; filename=\"calendar.ics\"");
    co_return out;
}

}  // namespace

void add_feed_routes(std::vector<route>& to) {
    for (const auto method : {http_method::get, http_method::head})
        to.push_back({method, {"calendar", "*"}, access::open, limit_class::rest, read_feed});
}

}  // namespace perin::net
