#include "actors/delegation/delegation_attempt.hpp"
#include "domain/calendar/calendar_entry.hpp"
#include "domain/notification.hpp"
#include "domain/text.hpp"
#include "domain/time_phrases.hpp"
#include "runtime/crash_point.hpp"

#include <array>

namespace perin::actors {

using namespace runtime;
using nlohmann::json;

namespace {

std::string dumped(const json& what) {
    return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

json meeting_json(const booking& what) {
    return {{"bookingId", what.id},
            {"start", to_rfc3339(what.time.starts_at)},
            {"end", to_rfc3339(what.time.ends_at)},
            {"name", one_line(what.who.name, 200)},
            {"email", what.who.email},
            {"note", what.note}};
}

/// A notification about a booking, whose id follows from the workflow, the booking as it is and the
/// type: one is made once.
notification about(const delegation_attempt& of, const found_delegation& at, const booking& what,
                   std::string type, const std::string& says) {
    notification out;
    out.id = id_from("ntf_", of.context().idempotency_key + "/" + type + "/" + what.id + "/" +
                                 std::to_string(what.version));
    out.user_id = at.link.user_id;
    out.type = std::move(type);
    out.subject = what.id;
    out.title = one_line(one_line(what.who.name, 60) + says + one_line(at.link.title, 60) + ", " +
                             spoken_time(what.time.starts_at, at.owner.timezone),
                         200);
    auto payload = meeting_json(what);
    payload["delegationId"] = at.link.id;
    payload["workflowId"] = of.context().workflow_id;
    out.payload = dumped(payload);
    return out;
}

// ------------------------------------------------------------------------------------- approval

void ask_for_approval(const delegation_attempt& of, const found_delegation& at,
                      const booking& what) {
    auto asked = about(of, at, what, std::string(booking_approval), " asks for: ");
    auto payload = json::parse(asked.payload);
    payload["stepId"] = of.context().step_id;
    payload["version"] = what.version;
    asked.payload = dumped(payload);
    asked.actions = R"(["approve","refuse"])";
    asked.expires_at = what.time.starts_at;
    crash_point("delegation.asking");
    of.ask<notification>(of.parts().notifications, notify_user{std::move(asked)},
                         [of, what](const notification&) {
                             crash_point("delegation.asked");
                             of.end(step_must_wait{workflow::waits_for::approval,
                                                   what.time.starts_at,
                                                   json{{"start", to_rfc3339(what.time.starts_at)},
                                                        {"end", to_rfc3339(what.time.ends_at)}},
                                                   {}});
                         });
}

/// Ends a booking that was not approved.
void turn_down(const delegation_attempt& of, const booking& what, booking_state to) {
    settle_booking wanted{what.user_id, what.id, to, {}, of.now()};
    of.try_to<booking>(of.parts().calendars, std::move(wanted), [of](const result<booking>& ended) {
        if (!ended && ended.error().code != error_code::not_found) return of.end(ended.error());
        crash_point("delegation.refused");
        of.done({{"approved", false}});
    });
}

void settle_answer(const delegation_attempt& of, const found_delegation& at, const booking& what) {
    const auto& answer = of.context().answer;
    if (!answer) return ask_for_approval(of, at, what);
    if (answer->is_null()) {
        // The time is over. A booking that was moved is the other workflow's.
        if (what.time.starts_at > of.now()) return of.done({{"approved", false}, {"moved", true}});
        return turn_down(of, what, booking_state::expired);
    }
    if (answer->value("version", std::uint64_t{0}) != what.version)
        return of.done({{"approved", false}, {"moved", true}});
    if (!answer->value("approved", false)) return turn_down(of, what, booking_state::declined);
    of.done({{"approved", true}});
}

/// Whether an earlier step says that there is nothing more to do.
bool is_dropped(const delegation_attempt& of) {
    const auto found = of.context().outcomes.find(approval_step);
    if (found == of.context().outcomes.end() || !found->second.is_object()) return false;
    return found->second.value("moved", false);
}

bool was_refused(const delegation_attempt& of) {
    const auto found = of.context().outcomes.find("change");
    return found != of.context().outcomes.end() && found->second.is_object() &&
           found->second.value("status", "") == "refused";
}

// ---------------------------------------------------------------------------------------- event

void put_into_calendar(const delegation_attempt& of, const found_delegation& at,
                       const booking& what) {
    auto shown = what;
    // As it will be once it is there.
    ++shown.version;
    settle_booking wanted{what.user_id, what.id, booking_state::booked,
                          event_of({at.link, at.owner, std::move(shown)}), of.now()};
    of.ask<booking>(of.parts().calendars, std::move(wanted), [of](const booking& made) {
        crash_point("delegation.created");
        of.done({{"bookingId", made.id},
                 {"start", to_rfc3339(made.time.starts_at)},
                 {"end", to_rfc3339(made.time.ends_at)},
                 {"booked", true}});
    });
}

/// The hold has ended, such as while the workflow was paused: its time may still be free.
void hold_again(const delegation_attempt& of, const found_delegation& at, const booking& before) {
    const chosen_slot slot{
        before.time.starts_at,
        std::chrono::floor<std::chrono::minutes>(before.time.ends_at - before.time.starts_at),
        before.who, before.note};
    auto wanted =
        hold_of(at, slot, of.context().idempotency_key + "/again", of.context().workflow_id);
    of.ask<booking_outcome>(
        of.parts().calendars, std::move(wanted), [of, at](const booking_outcome& outcome) {
            const auto* taken = std::get_if<time_booked>(&outcome);
            if (taken == nullptr || !taken->taken || !is_active(taken->taken->state))
                return of.end(failure{error_code::gone, "the time was taken meanwhile"});
            put_into_calendar(of, at, *taken->taken);
        });
}

// --------------------------------------------------------------------------------------- change

void told_change(const delegation_attempt& of, const result<booking_outcome>& outcome) {
    if (!outcome) {
        const auto code = outcome.error().code;
        if (code != error_code::not_found && code != error_code::gone)
            return of.end(outcome.error());
        return of.done({{"status", "refused"}, {"alternatives", json::array()}});
    }
    if (const auto* moved = std::get_if<time_booked>(&*outcome)) {
        crash_point("delegation.moved");
        return of.done({{"status", "moved"}, {"start", to_rfc3339(moved->entry.starts_at)}});
    }
    auto others = json::array();
    for (const auto& each : std::get<time_refused>(*outcome).alternatives)
        others.push_back({{"start", to_rfc3339(each.start)}, {"end", to_rfc3339(each.end)}});
    of.done({{"status", "refused"}, {"alternatives", std::move(others)}});
}

// -------------------------------------------------------------------------------------- confirm

/// What there is to be told; nothing where there is none.
std::optional<meeting_news> news_of(const delegation_attempt& of, const booking& what) {
    if (is_dropped(of) || was_refused(of)) return std::nullopt;
    const bool change = of.context().input.contains("change");
    switch (what.state) {
        case booking_state::booked:
            return change ? meeting_news::moved : meeting_news::booked;
        case booking_state::cancelled:
            // By a workflow of its own, which tells it.
            if (delegation_attempt::text_of(of.context().input, "change") != "cancel") return {};
            return meeting_news::cancelled;
        case booking_state::declined:
            return meeting_news::declined;
        case booking_state::expired:
            return meeting_news::lapsed;
        case booking_state::held:
        case booking_state::awaiting_approval:
            break;
    }
    return std::nullopt;
}

/// Goes on with the meeting and what is to be told of it; done where there is nothing.
template <class Then>
void with_news(const delegation_attempt& of, Then then) {
    of.with_booking([of, then](const found_delegation& at, const booking& what) {
        const auto news = news_of(of, what);
        if (!news) return of.done({{"told", false}});
        then(booked_meeting{at.link, at.owner, what}, *news);
    });
}

void mail(const delegation_attempt& of, const booked_meeting& meeting, meeting_news news,
          told_person person) {
    auto wanted = mail_of(meeting, news, person);
    outgoing_mail letter{std::move(wanted.to),
                         std::move(wanted.subject),
                         std::move(wanted.text),
                         invitation(meeting, news, meeting.what.updated_at),
                         "<" + of.context().workflow_id + "." + meeting.what.id + "." +
                             (person == told_person::guest ? "guest" : "owner") + "@" +
                             of.parts().mail_host + ">",
                         of.now() + of.parts().mail_begins_within};
    crash_point("delegation.mailing");
    of.ask<void>(of.parts().mailer, std::move(letter), [of] {
        crash_point("delegation.mailed");
        of.done({{"told", true}});
    });
}

}  // namespace

void ask_owner(const delegation_attempt& of) {
    if (was_refused(of)) return of.done({{"approved", false}, {"moved", true}});
    of.with_booking([of](const found_delegation& at, const booking& what) {
        switch (what.state) {
            case booking_state::held: {
                if (!at.link.approval) return of.done({{"approved", true}});
                settle_booking wanted{
                    what.user_id, what.id, booking_state::awaiting_approval, {}, of.now()};
                return of.ask<booking>(of.parts().calendars, std::move(wanted),
                                       [of, at](const booking& now) {
                                           crash_point("delegation.awaits");
                                           settle_answer(of, at, now);
                                       });
            }
            case booking_state::awaiting_approval:
                return settle_answer(of, at, what);
            case booking_state::booked:
                return of.done({{"approved", true}});
            case booking_state::expired:
                // A hold that nobody approves ends so too; without approval its time may be free.
                return of.done({{"approved", !at.link.approval}});
            case booking_state::declined:
            case booking_state::cancelled:
                return of.done({{"approved", false}});
        }
    });
}

void create_event_of_link(const delegation_attempt& of) {
    if (was_refused(of) || is_dropped(of)) return of.done({{"booked", false}});
    const auto approval = of.context().outcomes.find(approval_step);
    const bool approved = approval != of.context().outcomes.end() && approval->second.is_object() &&
                          approval->second.value("approved", false);
    if (!approved) return of.done({{"booked", false}});
    of.with_booking([of](const found_delegation& at, const booking& what) {
        if (is_past_hold(what, of.now()) || what.state == booking_state::expired)
            return hold_again(of, at, what);
        if (what.state == booking_state::declined || what.state == booking_state::cancelled)
            return of.done({{"booked", false}});
        put_into_calendar(of, at, what);
    });
}

void change_booking_of_link(const delegation_attempt& of) {
    const auto& input = of.context().input;
    if (delegation_attempt::text_of(input, "change") == "cancel") {
        settle_booking wanted{
            of.context().user_id, of.booking_id(), booking_state::cancelled, {}, of.now()};
        return of.try_to<booking>(of.parts().calendars, std::move(wanted),
                                  [of](const result<booking>& ended) {
                                      if (!ended && ended.error().code != error_code::not_found)
                                          return of.end(ended.error());
                                      crash_point("delegation.cancelled");
                                      of.done({{"status", "cancelled"}});
                                  });
    }
    const auto to = from_rfc3339(delegation_attempt::text_of(input, "start"));
    if (!to) return of.end(failure{error_code::invalid_request, "is not a time", "/start"});
    of.with_booking([of, to = *to](const found_delegation& at, const booking& what) {
        // Changed since it was asked for: by an earlier attempt, or by somebody who came later.
        const bool changed = what.version != of.context().input.value("version", std::uint64_t{0});
        if (changed)
            return of.done({{"status", what.time.starts_at == to ? "moved" : "refused"},
                            {"alternatives", json::array()}});
        of.try_to<booking_outcome>(
            of.parts().calendars, move_of(at, what, to),
            [of](const result<booking_outcome>& outcome) { told_change(of, outcome); });
    });
}

void notify_owner(const delegation_attempt& of) {
    static constexpr std::array said{
        " booked: ", " moved: ", " cancelled: ", " was declined: ", " got no answer: "};
    static constexpr std::array types{"booking_made", "booking_moved", "booking_cancelled",
                                      "booking_declined", "booking_lapsed"};
    with_news(of, [of](const booked_meeting& meeting, meeting_news news) {
        const auto which = static_cast<std::size_t>(news);
        const found_delegation at{meeting.link, meeting.owner, {}};
        crash_point("delegation.notifying");
        of.ask<notification>(of.parts().notifications,
                             notify_user{about(of, at, meeting.what, types[which], said[which])},
                             [of](const notification&) {
                                 crash_point("delegation.notified");
                                 of.done({{"told", true}});
                             });
    });
}

void mail_guest(const delegation_attempt& of) {
    if (!of.parts().mailer.load()) return of.done({{"told", false}});
    with_news(of, [of](const booked_meeting& meeting, meeting_news news) {
        mail(of, meeting, news, told_person::guest);
    });
}

void mail_owner(const delegation_attempt& of) {
    if (!of.parts().mailer.load()) return of.done({{"told", false}});
    with_news(of, [of](const booked_meeting& meeting, meeting_news news) {
        // Whoever has decided so, or has let the time pass, knows.
        if (news == meeting_news::declined || news == meeting_news::lapsed)
            return of.done({{"told", false}});
        mail(of, meeting, news, told_person::owner);
    });
}

}  // namespace perin::actors
