#include "domain/meant_time.hpp"
#include "domain/offline/guest_talk.hpp"
#include "domain/offline/guest_wish.hpp"
#include "domain/text.hpp"

#include <algorithm>

namespace perin::offline {

namespace {

using nlohmann::json;
using std::chrono::minutes;

constexpr std::size_t most_told = 10;
constexpr std::size_t longest_reason = 300;
constexpr minutes longest_meeting{24 * 60};

std::string text_of(const json& from, const char* name) {
    if (!from.is_object()) return {};
    const auto found = from.find(name);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A slot on the guest's clock; nothing where it is none.
std::optional<local_span> slot_in(const json& from, const std::string& zone) {
    const auto start = from_rfc3339(text_of(from, "start"));
    const auto end = from_rfc3339(text_of(from, "end"));
    if (!start || !end || *end <= *start || *end - *start > longest_meeting) return std::nullopt;
    return span_at(*start, *end, zone);
}

struct slot_list {
    std::vector<offer> offers;
    bool more = false;
};

slot_list slots_in(const json& from, const char* name, const std::string& zone) {
    slot_list out;
    if (!from.is_object() || !from.contains(name) || !from[name].is_array()) return out;
    for (const auto& each : from[name]) {
        const auto when = slot_in(each, zone);
        if (!when) continue;
        if (out.offers.size() == most_told) {
            out.more = true;
            break;
        }
        out.offers.push_back({.when = *when});
    }
    return out;
}

/// A list to choose from, with what to say for it.
std::string offered(const slot_list& slots, const guest_wish& wish) {
    std::string text = listed_offers(slots.offers);
    if (slots.more) text += "\nThere are more: name a day, or a time of the day.";
    text += slots.offers.size() == 1 ? "\nShall I book it?" : "\nWhich one shall I book?";
    if (wish.name.empty() || wish.email.empty())
        text += " Please tell me " + std::string(wish.name.empty() ? "your name" : "") +
                (wish.name.empty() && wish.email.empty() ? " and " : "") +
                (wish.email.empty() ? "your mail address" : "") + " with it.";
    return text;
}

/// The one start that was asked about, where it was one.
std::optional<local_span> asked_time(const tool_outcome& outcome, const std::string& zone) {
    const auto start = from_rfc3339(text_of(outcome.arguments, "when"));
    if (!start) return std::nullopt;
    minutes length{0};
    if (outcome.result->is_object() && outcome.result->contains("durationMins") &&
        (*outcome.result)["durationMins"].is_number_integer())
        length = std::clamp(minutes{(*outcome.result)["durationMins"].get<std::int64_t>()},
                            minutes{0}, longest_meeting);
    return span_at(*start, *start + length, zone);
}

std::string tell_availability(const tool_outcome& outcome, const question& asked,
                              const guest_wish& wish) {
    const auto& context = asked.context;
    const auto& link = *context.link;
    const auto& result = *outcome.result;
    const auto clock = " (" + context.timezone + "):";
    const auto slots = slots_in(result, "slots", context.timezone);
    const auto answer = result.is_object() ? result.value("free", json()) : json();
    const bool free = answer.is_boolean() && answer.get<bool>();
    const bool taken = answer.is_boolean() && !answer.get<bool>();
    if (const auto one = asked_time(outcome, context.timezone); free && one)
        return "Yes, " + owner_of(link) + " is free then" + clock +
               offered({.offers = {{.when = *one}}}, wish);
    const std::string no = taken ? "That time is not free. " : "";
    if (!slots.offers.empty())
        return no + (taken ? "These times are free" : owner_of(link) + " is free at these times") +
               clock + offered(slots, wish);
    const auto next = next_free(context);
    return (no.empty() ? "I found no free time then." : no) +
           (next.empty() ? " Which other day would suit you?" : " " + next);
}

std::string tell_booking(const tool_outcome& outcome, const question& asked,
                         const guest_wish& wish) {
    const auto& context = asked.context;
    const auto& result = *outcome.result;
    const auto status = text_of(result, "status");
    if (status == "taken") {
        const auto slots = slots_in(result, "alternatives", context.timezone);
        const std::string text = "That time has just been taken.";
        if (slots.offers.empty()) return text + " Which other day would suit you?";
        return text + " These are free (" + context.timezone + "):" + offered(slots, wish);
    }
    const auto when = slot_in(result, context.timezone);
    const auto time = (when ? spoken_span(*when) : "the time you chose") + std::string(" (") +
                      context.timezone + ")";
    const auto owner = owner_of(*context.link);
    if (status == "confirmed")
        return std::string(told_booked) + time + ". It is in the calendar of " + owner +
               ". On the page of the link it can be moved or cancelled.";
    if (status == "awaiting_approval")
        return std::string(told_kept) + time + ". " + owner +
               " decides on it; the page of the link shows what comes of it.";
    if (status == "under_way")
        return std::string(told_under_way) + time + ". The page of the link shows when it is done.";
    return std::string(told_unclear);
}

std::string tell_failure(const tool_outcome& outcome, const question& asked) {
    const bool booking = outcome.tool == "delegation_schedule_meeting";
    const auto& code = outcome.error_code;
    const auto how = standing_of(asked.context);
    const std::string begin = booking ? std::string(told_not_booked) : std::string();
    if (code == "gone")
        return begin + "no other time can be booked by this link: it is used up, or has ended." +
               (how.empty() ? "" : " " + how);
    if (code == "conflict")
        return begin + "a time was chosen before. " + (how.empty() ? "" : how + " ") +
               "On the page of the link it can be moved or cancelled.";
    if (code == "invalid_request") {
        const auto why = one_line(outcome.error_message, longest_reason);
        return (booking ? begin : "I could not look that up: ") +
               (why.empty() ? "that time cannot be had." : std::string(trimmed(why, ".")) + ".") +
               " Which other time suits you?";
    }
    if (code == "forbidden") return begin + "this link does not allow it.";
    if (!booking) return "I could not look up the free times just now. Please ask once more.";
    return std::string(told_unclear);
}

}  // namespace

std::string tell_guest(const tool_outcome& outcome, const question& asked) {
    if (!outcome.result) return tell_failure(outcome, asked);
    const auto wish = read_wish(asked);
    if (outcome.tool == "delegation_check_availability")
        return tell_availability(outcome, asked, wish);
    if (outcome.tool == "delegation_schedule_meeting") return tell_booking(outcome, asked, wish);
    return "I only arrange this meeting with " + owner_of(*asked.context.link) + ".";
}

}  // namespace perin::offline
