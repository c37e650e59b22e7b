#include "domain/delegation.hpp"

#include "domain/json.hpp"
#include "domain/prompt.hpp"
#include "domain/time.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace perin {

namespace {

using nlohmann::json;
using std::chrono::minutes;

constexpr std::array weekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::int64_t shortest_mins = 5;
constexpr std::int64_t longest_mins = 720;
constexpr std::int64_t longest_notice_mins = 60 * 24 * 60;
constexpr std::size_t most_durations = 20;
constexpr std::size_t most_hours_a_day = 20;
/// The engine searches this far.
constexpr date::days longest_window{400};
constexpr date::days usual_window{14};
constexpr date::days usual_life{7};

failure invalid(std::string pointer, std::string why) {
    return {error_code::invalid_request, std::move(why), std::move(pointer)};
}

/// `09:00`, up to `24:00`; nothing where it is none.
std::optional<minutes> clock_time(const json& written) {
    if (!written.is_string()) return std::nullopt;
    const auto& text = written.get_ref<const std::string&>();
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    int hour = 0;
    int minute = 0;
    const char* begin = text.data();
    const auto read_hour = std::from_chars(begin, begin + 2, hour);
    const auto read_minute = std::from_chars(begin + 3, begin + 5, minute);
    if (read_hour.ptr != begin + 2 || read_minute.ptr != begin + 5) return std::nullopt;
    if (hour < 0 || minute < 0 || minute > 59) return std::nullopt;
    const minutes out{hour * 60 + minute};
    if (out > minutes{24 * 60}) return std::nullopt;
    return out;
}

std::string clock_text(minutes at) {
    std::array<char, 8> out{};
    std::snprintf(out.data(), out.size(), "%02d:%02d", static_cast<int>(at.count() / 60) % 100,
                  static_cast<int>(at.count() % 60));
    return out.data();
}

result<std::vector<scheduling::daily_hours>> hours_of_day(const json& written,
                                                          const std::string& pointer) {
    if (!written.is_array()) return invalid(pointer, "must be an array");
    if (written.size() > most_hours_a_day) return invalid(pointer, "has too many items");
    std::vector<scheduling::daily_hours> out;
    for (std::size_t i = 0; i < written.size(); ++i) {
        const auto at = pointer + "/" + std::to_string(i);
        const auto& pair = written[i];
        if (!pair.is_array() || pair.size() != 2)
            return invalid(at, R"(must be two times such as ["09:00", "17:00"])");
        const auto from = clock_time(pair[0]);
        const auto until = clock_time(pair[1]);
        if (!from) return invalid(at + "/0", "must be a time such as 09:00");
        if (!until) return invalid(at + "/1", "must be a time such as 17:00");
        if (*until <= *from) return invalid(at + "/1", "must be later than the first");
        out.push_back({*from, *until});
    }
    return out;
}

result<scheduling::working_hours> hours_of(const json& written, const std::string& pointer) {
    if (!written.is_object()) return invalid(pointer, "must be an object");
    scheduling::working_hours out;
    bool any = false;
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
        const auto found = written.find(weekdays[i]);
        if (found == written.end() || found->is_null()) continue;
        auto day = hours_of_day(*found, pointer + "/" + weekdays[i]);
        if (!day) return day.error();
        any = any || !day->empty();
        out.days[i] = std::move(*day);
    }
    if (!any) return invalid(pointer, "names no hours: mon to sun, each a list of two times");
    return out;
}

std::optional<date::local_days> day_of(const std::string& text) {
    const auto at = text.size() == 10 ? from_rfc3339(text + "T00:00:00Z") : std::nullopt;
    if (!at) return std::nullopt;
    return date::local_days{
        date::days{std::chrono::floor<std::chrono::days>(*at).time_since_epoch().count()}};
}

std::string day_text(date::local_days day) {
    return to_rfc3339(timestamp{day.time_since_epoch()}).substr(0, 10);
}

result<std::vector<minutes>> durations_of(const json& list) {
    std::vector<minutes> out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto at = "/durationsMins/" + std::to_string(i);
        const auto& one = list[i];
        const bool whole = one.is_number() && one.get<double>() == std::floor(one.get<double>());
        if (!whole) return invalid(at, "must be an integer");
        const auto length = one.get<double>();
        if (length < shortest_mins || length > longest_mins)
            return invalid(at, "must be from 5 to 720");
        out.emplace_back(static_cast<std::int64_t>(length));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace

std::string_view to_string(link_status status) noexcept {
    switch (status) {
        case link_status::active:
            return "active";
        case link_status::spent:
            return "spent";
        case link_status::expired:
            return "expired";
        case link_status::revoked:
            return "revoked";
    }
    return {};
}

std::uint64_t least_turn_tokens(const std::string& message) {
    constexpr std::uint64_t of_prompt_and_answer = 500;
    return of_prompt_and_answer + estimated_tokens({chat_role::user, message});
}

std::optional<failure> no_turn_left(const delegation& link, timestamp now) {
    const auto gone = [](const char* why) { return failure{error_code::gone, why}; };
    if (link.revoked_at) return gone("the link was revoked");
    if (link.expires_at <= now) return gone("the link has expired");
    if (link.turns >= link.most_turns) return gone("the link has no turns left");
    if (link.tokens >= link.most_tokens) return gone("the link has no tokens left");
    return std::nullopt;
}

link_status status_of(const delegation& link, timestamp now) noexcept {
    if (link.revoked_at) return link_status::revoked;
    if (link.expires_at <= now) return link_status::expired;
    if (link.uses >= link.most_uses) return link_status::spent;
    return link_status::active;
}

link_status status_of(const delegation& link, const std::vector<booking>& booked, timestamp now) {
    auto counted = link;
    counted.uses -= std::min(link.uses, static_cast<std::uint64_t>(std::count_if(
                                            booked.begin(), booked.end(), [&](const booking& one) {
                                                return one.state == booking_state::held &&
                                                       one.hold_expires_at &&
                                                       *one.hold_expires_at <= now;
                                            })));
    return status_of(counted, now);
}

result<link_rules> link_rules_of(const json& written, const std::string& timezone,
                                 date::local_days today) {
    json_reader fields(written);
    const auto* lengths = fields.required_array("durationsMins", 1, most_durations);
    const auto zone = fields.optional_text("timezone", 1, 100);
    const auto first = fields.optional_text("windowStart", 1, 40);
    const auto last = fields.optional_text("windowEnd", 1, 40);
    const auto before = fields.optional_integer("bufferBeforeMins", 0, longest_mins);
    const auto after = fields.optional_integer("bufferAfterMins", 0, longest_mins);
    const auto notice = fields.optional_integer("minimumNoticeMins", 0, longest_notice_mins);
    const auto step = fields.optional_integer("slotStepMins", shortest_mins, longest_mins);
    const auto most = fields.optional_integer("maxPerDay", 1, 1'000);
    if (fields.error()) return *fields.error();

    link_rules out;
    auto durations = durations_of(*lengths);
    if (!durations) return durations.error();
    out.durations = std::move(*durations);
    out.timezone = zone.value_or(timezone);
    if (!is_timezone(out.timezone)) return invalid("/timezone", "is not a known time zone");
    const auto first_day = first ? day_of(*first) : today;
    if (!first_day) return invalid("/windowStart", "must be a date such as 2026-12-01");
    const auto last_day = last ? day_of(*last) : *first_day + usual_window - date::days{1};
    if (!last_day) return invalid("/windowEnd", "must be a date such as 2026-12-14");
    if (*last_day < *first_day) return invalid("/windowEnd", "is before the first day");
    if (*last_day - *first_day >= longest_window)
        return invalid("/windowEnd", "must be within 400 days of the first day");
    out.first_day = *first_day;
    out.last_day = *last_day;
    if (const auto hours = written.find("workingHours");
        hours != written.end() && !hours->is_null()) {
        auto read = hours_of(*hours, "/workingHours");
        if (!read) return read.error();
        out.hours = std::move(*read);
    }
    out.around = {minutes{before.value_or(0)}, minutes{after.value_or(0)}};
    out.notice = minutes{notice.value_or(120)};
    out.step = minutes{step.value_or(30)};
    if (most) out.most_a_day = static_cast<std::size_t>(*most);
    return out;
}

result<delegation> delegation_of(const json& body, const user& owner, timestamp now) {
    json_reader fields(body);
    delegation out;
    out.title = fields.required_text("title", 1, 200);
    if (fields.error()) return *fields.error();
    const auto zone = body.contains("timezone") && body["timezone"].is_string()
                          ? body["timezone"].get<std::string>()
                          : owner.timezone;
    const auto today = time_grammar::local_day(now, time_grammar::zone_of(zone));
    auto rules = link_rules_of(body, owner.timezone, today);
    if (!rules) return rules.error();
    out.rules = std::move(*rules);
    out.approval = fields.optional_bool("approval").value_or(false);
    const auto expires = fields.optional_text("expiresAt", 1, 40);
    const auto most_uses = fields.optional_integer("maxBookings", 1, 10'000);
    const auto most_turns = fields.optional_integer("maxTurns", 1, 10'000);
    const auto most_tokens = fields.optional_integer("maxTokens", 1'000, 1'000'000'000);
    if (fields.error()) return *fields.error();
    out.expires_at = now + usual_life;
    if (expires) {
        const auto at = from_rfc3339(*expires);
        if (!at) return invalid("/expiresAt", "is not a time");
        if (*at <= now) return invalid("/expiresAt", "lies in the past");
        out.expires_at = *at;
    }
    if (out.rules.last_day < today) return invalid("/windowEnd", "lies in the past");
    out.most_uses = static_cast<std::uint64_t>(most_uses.value_or(1));
    out.most_turns = static_cast<std::uint64_t>(most_turns.value_or(50));
    out.most_tokens = static_cast<std::uint64_t>(most_tokens.value_or(200'000));
    out.created_at = now;
    return out;
}

json to_json(const link_rules& rules) {
    auto lengths = json::array();
    for (const auto& each : rules.durations) lengths.push_back(each.count());
    auto hours = json::object();
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
        if (rules.hours.days[i].empty()) continue;
        auto day = json::array();
        for (const auto& each : rules.hours.days[i])
            day.push_back({clock_text(each.from), clock_text(each.until)});
        hours[weekdays[i]] = std::move(day);
    }
    return {{"durationsMins", std::move(lengths)},
            {"windowStart", day_text(rules.first_day)},
            {"windowEnd", day_text(rules.last_day)},
            {"timezone", rules.timezone},
            {"workingHours", std::move(hours)},
            {"bufferBeforeMins", rules.around.before.count()},
            {"bufferAfterMins", rules.around.after.count()},
            {"minimumNoticeMins", rules.notice.count()},
            {"slotStepMins", rules.step.count()},
            {"maxPerDay", rules.most_a_day ? json(*rules.most_a_day) : json()}};
}

scheduling::person person_of(const link_rules& rules) {
    scheduling::person out;
    out.timezone = rules.timezone;
    out.hours = rules.hours;
    out.around = rules.around;
    out.notice = rules.notice;
    out.first_day = rules.first_day;
    out.last_day = rules.last_day;
    out.most.a_day = rules.most_a_day;
    return out;
}

}  // namespace perin
