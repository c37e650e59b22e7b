#include "cli/link_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "cli/time_argument.hpp"
#include "domain/meant_time.hpp"

#include <charconv>
#include <ostream>

namespace perin::cli {

namespace {

using nlohmann::json;

failure bad_option(const char* option, const std::string& why) {
    return {error_code::invalid_request, std::string(option) + ": " + why};
}

/// `30,60`.
result<json> durations_of(const std::string& text) {
    auto out = json::array();
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        std::int64_t mins = 0;
        const auto read = std::from_chars(text.data() + at, text.data() + end, mins);
        if (read.ec != std::errc{} || read.ptr != text.data() + end)
            return bad_option("--duration", "must be minutes such as 30 or 30,60");
        out.push_back(mins);
        at = end + 1;
    }
    return out;
}

/// The day that words or a date mean, on the clock of a zone.
result<std::string> day_of(const char* option, const std::string& text, timestamp now,
                           const std::string& timezone) {
    const auto meant = read_time(option, text, now, timezone);
    if (!meant) return meant.error();
    return to_rfc3339(meant->start, timezone).substr(0, 10);
}

result<json> body_of(const link_create& wanted, const user& owner, timestamp now) {
    json out{{"title", wanted.title}};
    auto durations = durations_of(wanted.duration);
    if (!durations) return durations.error();
    out["durationsMins"] = std::move(*durations);
    const auto zone = wanted.timezone.value_or(owner.timezone);
    if (!is_timezone(zone)) return bad_option("--timezone", "is not a known time zone");
    out["timezone"] = zone;
    if (wanted.from) {
        auto day = day_of("--from", *wanted.from, now, zone);
        if (!day) return day.error();
        out["windowStart"] = std::move(*day);
    }
    if (wanted.to) {
        auto day = day_of("--to", *wanted.to, now, zone);
        if (!day) return day.error();
        out["windowEnd"] = std::move(*day);
    }
    if (wanted.expires) {
        const auto at = read_time("--expires", *wanted.expires, now, zone);
        if (!at) return at.error();
        out["expiresAt"] = to_rfc3339(at->start);
    }
    if (wanted.approval) out["approval"] = true;
    const auto number = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) out[name] = *value;
    };
    number("maxBookings", wanted.most_bookings);
    number("maxPerDay", wanted.most_a_day);
    number("minimumNoticeMins", wanted.notice);
    number("bufferBeforeMins", wanted.before);
    number("bufferAfterMins", wanted.after);
    number("slotStepMins", wanted.step);
    return out;
}

std::string durations_text(const json& link) {
    std::string out;
    const auto found = link.find("durationsMins");
    if (found == link.end() || !found->is_array()) return out;
    for (const auto& each : *found) out += (out.empty() ? "" : ",") + each.dump();
    return out;
}

}  // namespace

exit_code run(const link_create& wanted, const link_context& with) {
    auto& at = with.about.at;
    const auto owner = with.links.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const auto body = body_of(wanted, *owner, with.about.now);
    if (!body) return complain(at, body.error());
    const auto link = with.links.create(*owner, *body);
    if (!link) {
        auto why = link.error();
        if (!why.pointer.empty()) why.detail = why.pointer.substr(1) + ": " + why.detail;
        return complain(at, why);
    }
    return say(with.about, *link, member(*link, "url"));
}

exit_code run(const link_list& wanted, const link_context& with) {
    auto& at = with.about.at;
    const auto owner = with.links.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const auto links = with.links.list(*owner);
    if (!links) return complain(at, links.error());
    if (with.about.json) return say(with.about, *links, {});
    table rows{{"ID", "STATUS", "TITLE", "MINUTES", "BOOKINGS", "EXPIRES"}};
    for (const auto& each : (*links)["items"]) {
        const auto count = each.contains("bookings") ? each["bookings"].size() : 0;
        rows.push_back({member(each, "id"), member(each, "status"), shown(member(each, "title")),
                        durations_text(each), std::to_string(count), member(each, "expiresAt")});
    }
    if (rows.size() > 1) print(at.out(), rows);
    return exit_code::done;
}

exit_code run(const link_revoke& wanted, const link_context& with) {
    auto& at = with.about.at;
    const auto owner = with.links.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const auto done = with.links.revoke(*owner, wanted.id);
    if (!done) return complain(at, done.error());
    return say(with.about, json{{"id", wanted.id}, {"status", "revoked"}}, "revoked " + wanted.id);
}

}  // namespace perin::cli
