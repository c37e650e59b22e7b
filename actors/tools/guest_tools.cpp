#include "actors/delegation/link_booking.hpp"
#include "actors/tools/guest_arguments.hpp"
#include "actors/tools/registry.hpp"
#include "domain/calendar/calendar_entry.hpp"
#include "domain/time_grammar/local_time.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;

namespace {

using nlohmann::json;
using std::chrono::minutes;
using tool_result = result<json>;
using slots = std::vector<scheduling::interval>;

constexpr std::chrono::seconds links_timeout{25};
constexpr std::size_t longest_key = 200;
/// Times around a moment among which the nearest are looked for: of three days, every five minutes.
constexpr std::size_t most_around = 3 * 24 * 12;

struct guest_tool_state {
    static constexpr const char* name = "guest's tool";
};

using tool_pointer = tool_actor::stateful_pointer<guest_tool_state>;

struct guest_tool_parts {
    actor_slot<delegations_actor> delegations;
    std::shared_ptr<const wall_clock> clock;
    tool_context context;
};

calendar_reading reading_of(const guest_tool_parts& parts) {
    const auto now = parts.clock->now();
    const auto said = parts.context.asked_at;
    return {now, said == timestamp{} ? now : said, parts.context.timezone};
}

/// One call of a guest's: whose link it is about is the context's to say, never the arguments'.
class guest_tool_call {
  public:
    guest_tool_call(tool_pointer self, guest_tool_parts parts)
        : self_(self),
          parts_(std::move(parts)),
          with_(reading_of(parts_)),
          promise_(owe<tool_result>(self)) {}

    [[nodiscard]] const calendar_reading& reading() const { return with_; }
    [[nodiscard]] const tool_context& context() const { return parts_.context; }
    [[nodiscard]] const owed_reply<tool_result>& promise() const { return promise_; }

    void end(tool_result answer) const {
        promise_.deliver(std::move(answer));
        self_->quit();
    }

    /// A message about the guest's link.
    template <class Message>
    [[nodiscard]] Message about_link() const {
        Message out;
        out.delegation_id = parts_.context.guest->delegation_id;
        out.user_id = parts_.context.guest->user_id;
        if constexpr (requires { out.conversation_id; })
            out.conversation_id = parts_.context.guest->conversation_id;
        return out;
    }

    template <class Answer, class Message, class Then>
    void ask(Message message, Then then) const {
        self_->request(parts_.delegations.load(), links_timeout, std::move(message))
            .then(
                [me = *this, then](result<Answer>& answer) {
                    if (!answer) return me.end(answer.error());
                    then(std::move(*answer));
                },
                [me = *this](const caf::error&) {
                    me.end(failure{error_code::unavailable, "the link does not answer"});
                });
    }

    [[nodiscard]] json told(const slots& times) const {
        auto out = json::array();
        for (const auto& each : times) out.push_back(calendar::slot_json(each, with_.timezone));
        return out;
    }

  private:
    tool_pointer self_;
    guest_tool_parts parts_;
    calendar_reading with_;
    owed_reply<tool_result> promise_;
};

using carried_out = void (*)(const guest_tool_call&, const json& arguments);

// -------------------------------------------------------------------------------- availability

std::string in_words(const std::vector<minutes>& lengths) {
    std::string out;
    for (const auto& each : lengths)
        out += (out.empty() ? "" : " or ") + std::to_string(each.count());
    return out;
}

/// The days around a moment, in the guest's zone.
scheduling::interval days_around(timestamp at, const calendar_reading& with) {
    const auto* zone = time_grammar::zone_of(with.timezone);
    const auto day = time_grammar::local_day(at, zone);
    return {std::max(with.now, time_grammar::to_moment(day - date::days{1}, zone)),
            time_grammar::to_moment(day + date::days{2}, zone)};
}

void tell_free(const guest_tool_call& call, minutes length, const json& free, const slots& times) {
    call.end(json{{"free", free},
                  {"durationMins", length.count()},
                  {"timezone", call.reading().timezone},
                  {"slots", call.told(times)}});
}

void tell_times_of(const guest_tool_call& call, const availability_asked& asked, minutes length) {
    auto wanted = call.about_link<offer_slots>();
    const auto now = call.reading().now;
    const auto within = asked.within.value_or(scheduling::interval{now, now + offered_days});
    const bool moment = is_empty(within);
    const auto range = moment ? days_around(within.start, call.reading()) : within;
    wanted.from = range.start;
    wanted.until = std::min(range.end, range.start + offered_days);
    wanted.duration = length;
    wanted.limit = moment ? most_around : offered_slots;
    call.ask<slots>(std::move(wanted), [call, length, moment, at = within.start](slots found) {
        if (!moment) return tell_free(call, length, nullptr, found);
        const bool free = std::ranges::find(found, at, &scheduling::interval::start) != found.end();
        tell_free(call, length, free, nearest_times(std::move(found), at, offered_slots));
    });
}

void check_availability_of_link(const guest_tool_call& call, const json& arguments) {
    const auto asked = read_availability(arguments, call.reading());
    if (!asked) return call.end(asked.error());
    call.ask<guest_stand>(
        call.about_link<guest_standing>(), [call, asked = *asked](const guest_stand& stand) {
            const auto& lengths = stand.link.durations;
            const auto length = asked.duration.value_or(lengths.front());
            if (std::ranges::find(lengths, length) == lengths.end())
                return call.end(failure{error_code::invalid_request,
                                        "the meeting can last " + in_words(lengths) + " minutes",
                                        "/durationMins"});
            if (!asked.within && length == lengths.front() && stand.link.open)
                return tell_free(call, length, nullptr, stand.link.offered);
            tell_times_of(call, asked, length);
        });
}

// ---------------------------------------------------------------------------------- scheduling

const char* status_of(meeting_progress progress) {
    if (progress == meeting_progress::booked) return "confirmed";
    if (progress == meeting_progress::awaiting_approval) return "awaiting_approval";
    return "under_way";
}

/// Of one call: what it does is done once, whatever becomes of the turn.
std::string key_of(const tool_context& context) {
    auto key = context.turn_id + "/" + context.call_id;
    return key.size() <= longest_key ? key : id_from("call_", key);
}

void schedule_meeting(const guest_tool_call& call, const json& arguments) {
    auto slot = read_meeting(arguments, call.reading());
    if (!slot) return call.end(slot.error());
    auto wanted = call.about_link<choose_slot>();
    wanted.turn_id = call.context().turn_id;
    wanted.call_key = key_of(call.context());
    wanted.slot = std::move(*slot);
    call.ask<slot_choice>(std::move(wanted), [call](const slot_choice& choice) {
        if (const auto* refused = std::get_if<slot_refused>(&choice))
            return call.end(
                json{{"status", "taken"}, {"alternatives", call.told(refused->alternatives)}});
        const auto& chosen = std::get<slot_chosen>(choice);
        auto told = calendar::slot_json(chosen.time, call.reading().timezone);
        told["status"] = status_of(chosen.progress);
        told["bookingId"] = chosen.booking_id ? json(*chosen.booking_id) : json();
        call.end(std::move(told));
    });
}

tool_actor::behavior_type run_call(tool_pointer self, carried_out what, guest_tool_parts parts) {
    prepare(self);
    return {
        [self, what, parts](const tool_run& run) -> caf::result<tool_result> {
            const guest_tool_call call(self, parts);
            if (!parts.context.guest)
                call.end(failure{error_code::forbidden, "only a guest of a link may call this"});
            else
                what(call, run.arguments);
            return call.promise();
        },
    };
}

std::string describe_meeting(const json& arguments) {
    return "Book a meeting for " + arguments.value("name", "") + ": " +
           arguments.value("start", "");
}

}  // namespace

std::vector<tool> guest_tools(actor_slot<delegations_actor> delegations,
                              std::shared_ptr<const wall_clock> clock) {
    const auto made = [=](std::string name, std::string purpose, json schema, carried_out what) {
        tool out;
        out.definition = {std::move(name), std::move(purpose), std::move(schema)};
        out.spawn = [=](caf::actor_system& system, tool_context context) {
            if (context.timezone.empty()) context.timezone = context.caller.timezone;
            return system.spawn(run_call, what,
                                guest_tool_parts{delegations, clock, std::move(context)});
        };
        return out;
    };
    std::vector<tool> out{
        made("delegation_check_availability",
             "Tells free times for the meeting, or whether it can begin at one time.",
             check_availability_schema(), check_availability_of_link),
        made("delegation_schedule_meeting",
             "Books the meeting for the visitor. Needs a day and a time, their name and their mail "
             "address, all of which they have said themselves. Names other times where it is "
             "taken.",
             schedule_meeting_schema(), schedule_meeting)};
    out.back().describe = describe_meeting;
    return out;
}

}  // namespace perin::actors
