#include "actors/fulfil.hpp"
#include "actors/tools/calendar_arguments.hpp"
#include "actors/tools/registry.hpp"
#include "domain/event_search.hpp"
#include "domain/slot_preferences.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

using nlohmann::json;
using tool_result = result<json>;

constexpr std::chrono::seconds calendar_timeout{25};
/// What is remembered only ranks: without it all goes on.
constexpr std::chrono::seconds memory_timeout{2};
constexpr std::size_t most_remembered = 20;

failure lost() { return {error_code::unavailable, "the calendar does not answer"}; }

struct calendar_tool_state {
    static constexpr const char* name = "calendar tool";
};

using tool_pointer = tool_actor::stateful_pointer<calendar_tool_state>;

/// What every call of a calendar tool has.
struct call_parts {
    actor_slot<calendars_actor> calendars;
    actor_slot<memory_actor> memory;
    std::shared_ptr<const wall_clock> clock;
    tool_context context;
};

calendar_reading reading_of(const call_parts& parts) {
    const auto now = parts.clock->now();
    const auto said = parts.context.asked_at;
    return {now, said == timestamp{} ? now : said, parts.context.timezone};
}

/// One call: asks the owner's calendar and ends with the answer.
class calendar_call {
  public:
    calendar_call(tool_pointer self, call_parts parts)
        : self_(self),
          parts_(std::move(parts)),
          with_(reading_of(parts_)),
          promise_(owe<tool_result>(self)) {}

    void end(tool_result answer) const {
        fulfil(promise_, std::move(answer));
        self_->quit();
    }

    /// Goes on with what the arguments were read as; else ends.
    template <class Message, class Then>
    void with(read_call<Message> read, Then then) const {
        if (auto* message = std::get_if<Message>(&read)) {
            if constexpr (requires { message->user_id; })
                message->user_id = parts_.context.caller.id;
            if constexpr (requires { message->once; })
                message->once = once_key{parts_.context.turn_id, parts_.context.call_id};
            return then(std::move(*message));
        }
        if (auto* why = std::get_if<failure>(&read)) return end(std::move(*why));
        end(std::move(std::get<json>(read)));
    }

    template <class Answer, class Message, class Then>
    void ask(Message message, Then then) const {
        self_->request(parts_.calendars.load(), calendar_timeout, std::move(message))
            .then(
                [me = *this, then](result<Answer>& answer) {
                    if (!answer) return me.end(answer.error());
                    then(std::move(*answer));
                },
                [me = *this](const caf::error&) { me.end(lost()); });
    }

    /// What is remembered of the times that the user likes, then on.
    template <class Then>
    void remembering(Then then) const {
        memory_query_relevant wanted{parts_.context.caller.id,
                                     "prefer meetings morning afternoon evening time of day "
                                     "monday tuesday wednesday thursday friday",
                                     most_remembered, false};
        self_->request(parts_.memory.load(), memory_timeout, std::move(wanted))
            .then(
                [then](const result<relevant_memory>& found) {
                    std::vector<std::string> sentences;
                    if (found)
                        for (const auto& one : found->items)
                            sentences.push_back(one.entry.key + ": " + one.entry.content);
                    then(preferred_times(sentences));
                },
                [then](const caf::error&) { then(scheduling::slot_weights{}); });
    }

    [[nodiscard]] const calendar_reading& reading() const { return with_; }
    [[nodiscard]] const std::string& timezone() const { return with_.timezone; }
    [[nodiscard]] const owed_reply<tool_result>& promise() const { return promise_; }

  private:
    tool_pointer self_;
    call_parts parts_;
    calendar_reading with_;
    owed_reply<tool_result> promise_;
};

using carried_out = void (*)(const calendar_call&, const json& arguments);

void find_time(const calendar_call& call, const json& arguments) {
    call.with(read_find_time(arguments, call.reading()), [call](find_free_time wanted) {
        auto tell = [call](const find_free_time& asked) {
            const auto length = asked.search.durations.front().count();
            call.ask<std::vector<scheduling::interval>>(
                asked, [call, length](std::vector<scheduling::interval> slots) {
                    std::sort(slots.begin(), slots.end(),
                              [](const auto& a, const auto& b) { return a.start < b.start; });
                    auto told = json::array();
                    for (const auto& slot : slots)
                        told.push_back(calendar::slot_json(slot, call.timezone()));
                    call.end(json{{"timezone", call.timezone()},
                                  {"durationMins", length},
                                  {"slots", std::move(told)}});
                });
        };
        if (!wanted.weights) return tell(wanted);
        call.remembering([tell, wanted](const scheduling::slot_weights& weights) {
            auto ranked = wanted;
            ranked.weights = weights;
            tell(ranked);
        });
    });
}

void list_events(const calendar_call& call, const json& arguments) {
    call.with(read_list_events(arguments, call.reading()), [call](list_entries wanted) {
        const auto from = wanted.from;
        const auto until = wanted.until;
        call.ask<listed_entries>(std::move(wanted), [call, from, until](listed_entries found) {
            auto events = json::array();
            for (const auto& each : found.items) events.push_back(to_json(each, call.timezone()));
            call.end(json{{"timezone", call.timezone()},
                          {"from", to_rfc3339(from)},
                          {"until", to_rfc3339(until)},
                          {"events", std::move(events)},
                          {"more", found.more}});
        });
    });
}

void tell_outcome(const calendar_call& call, const booking_outcome& outcome, json told) {
    if (const auto* refused = std::get_if<time_refused>(&outcome))
        return call.end(taken_json(*refused, call.timezone()));
    told["timezone"] = call.timezone();
    told["event"] = to_json(std::get<time_booked>(outcome).entry, call.timezone());
    call.end(std::move(told));
}

void create_event(const calendar_call& call, const json& arguments) {
    call.with(read_create_event(arguments, call.reading()), [call](book_time wanted) {
        // One booking of one call, whatever becomes of the turn.
        wanted.wanted.idempotency_key = wanted.once->turn_id + "/" + wanted.once->call_id;
        call.ask<booking_outcome>(std::move(wanted), [call](const booking_outcome& outcome) {
            tell_outcome(call, outcome, {{"status", "created"}});
        });
    });
}

/// Finds the event that is meant, then on.
template <class Then>
void find_event(const calendar_call& call, const json& arguments, Then then) {
    call.with(read_event_search(arguments, call.reading()), [=](list_entries wanted) {
        call.ask<listed_entries>(std::move(wanted), [=](const listed_entries& found) {
            call.with(read_event_meant(arguments, found.items, call.reading()), then);
        });
    });
}

void reschedule_event(const calendar_call& call, const json& arguments) {
    find_event(call, arguments, [=](const calendar::calendar_entry& which) {
        call.with(read_reschedule(arguments, which, call.reading()), [=](move_event wanted) {
            call.ask<booking_outcome>(std::move(wanted), [=](const booking_outcome& outcome) {
                tell_outcome(call, outcome,
                             {{"status", "moved"},
                              {"before", calendar::slot_json({which.starts_at, which.ends_at},
                                                             call.timezone())}});
            });
        });
    });
}

void cancel_one(const calendar_call& call, const json& arguments) {
    find_event(call, arguments, [=](const calendar::calendar_entry& which) {
        // "All my meetings" may be one series by chance.
        const auto words = arguments.value("event", "");
        const bool whole = arguments.value("wholeSeries", false) && names_event(words, which.title);
        const bool named = arguments.contains("on") || arguments.contains("recurrenceId");
        if (which.recurrence_id && !whole && !named)
            return call.end(
                json{{"status", "which"},
                     {"timezone", call.timezone()},
                     {"question", "It repeats: only the next one, or the whole series?"},
                     {"choices", {to_json(which, call.timezone())}}});
        read_call<cancel_event> wanted = cancel_event{
            {}, which.id, whole ? std::nullopt : which.recurrence_id, call.reading().now, {}};
        call.with(std::move(wanted), [=](cancel_event message) {
            call.ask<calendar::calendar_entry>(
                std::move(message), [=](const calendar::calendar_entry& gone) {
                    call.end(json{{"status", "cancelled"},
                                  {"timezone", call.timezone()},
                                  {"event", to_json(gone, call.timezone())}});
                });
        });
    });
}

tool_actor::behavior_type run_call(tool_pointer self, carried_out what, call_parts parts) {
    prepare(self);
    return {
        [self, what, parts](const tool_run& run) -> caf::result<tool_result> {
            const calendar_call call(self, parts);
            what(call, run.arguments);
            return call.promise();
        },
    };
}

// What a call would do, for who is asked to approve it.

using describing = std::string (*)(const json& arguments);

std::string quoted(const json& arguments, const char* name) {
    return "‘" + arguments.value(name, "") + "’";
}

std::string time_wanted(const json& arguments) {
    return arguments.value("when", arguments.value("start", ""));
}

std::string describe_create(const json& arguments) {
    return "Put " + quoted(arguments, "title") +
           " into the calendar: " + arguments.value("when", "");
}

std::string which_event(const json& arguments) {
    const auto on = arguments.value("on", "");
    return quoted(arguments, "event") + (on.empty() ? "" : " (" + on + ")");
}

std::string describe_reschedule(const json& arguments) {
    return "Move " + which_event(arguments) + " to: " + time_wanted(arguments);
}

std::string describe_cancel(const json& arguments) {
    return "Take " + which_event(arguments) + " out of the calendar" +
           (arguments.value("wholeSeries", false) ? ", every one of its series" : "");
}

}  // namespace

std::vector<tool> calendar_tools(actor_slot<calendars_actor> calendars,
                                 actor_slot<memory_actor> memory,
                                 std::shared_ptr<const wall_clock> clock) {
    auto made = [=](std::string name, std::string purpose, json schema, carried_out what,
                    describing describe = nullptr, bool reaches_others = false) {
        return tool{{std::move(name), std::move(purpose), std::move(schema)},
                    [=](caf::actor_system& system, tool_context context) {
                        call_parts parts{calendars, memory, clock, std::move(context)};
                        return system.spawn(run_call, what, std::move(parts));
                    },
                    describe,
                    // Somebody may have booked the event: only its calendar knows.
                    [reaches_others](const json&) { return reaches_others; }};
    };
    return {
        made("calendar_find_time",
             "Finds times at which the user is free, or tells whether one time is free.",
             find_time_schema(), find_time),
        made("calendar_list_events", "Lists what is in the user's calendar.", list_events_schema(),
             list_events),
        made("calendar_create_solo_event",
             "Puts an event into the user's own calendar, if the time is free. Asks back where the "
             "words are ambiguous, and names other times where it is taken.",
             create_event_schema(), create_event, describe_create),
        made("calendar_reschedule_event", "Moves an event of the user's calendar.",
             reschedule_event_schema(), reschedule_event, describe_reschedule, true),
        made("calendar_cancel_event", "Takes an event out of the user's calendar.",
             cancel_event_schema(), cancel_one, describe_cancel, true),
    };
}

}  // namespace perin::actors
