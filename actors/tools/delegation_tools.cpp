#include "actors/delegation/public_address.hpp"
#include "actors/tools/registry.hpp"
#include "domain/meant_time.hpp"
#include "domain/text.hpp"
#include "net/front/delegation_json.hpp"
#include "runtime/supervision/owed_reply.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

using nlohmann::json;
using tool_result = result<json>;

constexpr std::chrono::seconds links_timeout{25};
constexpr std::chrono::days usual_life{7};

json link_schema() {
    const auto text = [](int longest, const char* what) {
        return json{
            {"type", "string"}, {"minLength", 1}, {"maxLength", longest}, {"description", what}};
    };
    return {
        {"type", "object"},
        {"properties",
         {{"durationMins",
           {{"type", "integer"},
            {"minimum", 5},
            {"maximum", 720},
            {"description", "how long the meeting is"}}},
          {"guest", text(100, "whom the link is for, by name")},
          {"title", text(200, "what the meeting is about, if the user said so")},
          {"when", text(200, "the days that may be booked, in the user's words: next week")},
          {"approval", {{"type", "boolean"}, {"description", "the user decides on each booking"}}},
          {"maxBookings", {{"type", "integer"}, {"minimum", 1}, {"maximum", 1'000}}}}},
        {"required", {"durationMins"}},
        {"additionalProperties", false}};
}

/// The days that words mean, as a link takes them; a question where they may mean several.
std::variant<std::monostate, json, failure> window_of(const json& arguments,
                                                      const tool_context& context, json& body) {
    const auto words = arguments.value("when", "");
    if (words.empty()) return std::monostate{};
    auto heard = hear_time(words, context.asked_at, context.timezone);
    if (auto* why = std::get_if<failure>(&heard)) return std::move(*why);
    if (auto* question = std::get_if<time_question>(&heard))
        return json{{"status", "ambiguous"}, {"question", question->question}};
    const auto& meant = std::get<meant_time>(heard);
    const auto first = std::max(meant.start, context.asked_at);
    const auto end = std::max(meant.end.value_or(meant.start), first);
    // The end is not part of it.
    const auto last = end > first ? end - std::chrono::milliseconds{1} : first;
    body["windowStart"] = to_rfc3339(first, context.timezone).substr(0, 10);
    body["windowEnd"] = to_rfc3339(last, context.timezone).substr(0, 10);
    body["expiresAt"] = to_rfc3339(std::max(context.asked_at + usual_life, end));
    return std::monostate{};
}

std::string title_of(const json& arguments) {
    const auto title = one_line(arguments.value("title", ""), 200);
    if (!title.empty()) return title;
    const auto guest = one_line(arguments.value("guest", ""), 100);
    return guest.empty() ? "Meeting" : "Meeting with " + guest;
}

struct link_tool_state {
    static constexpr const char* name = "link tool";
};

using tool_pointer = tool_actor::stateful_pointer<link_tool_state>;

struct link_tool_parts {
    actor_slot<delegations_actor> delegations;
    std::shared_ptr<const wall_clock> clock;
    std::shared_ptr<const public_address> address;
};

tool_actor::behavior_type make_link(tool_pointer self, link_tool_parts parts,
                                    tool_context context) {
    prepare(self);
    return {
        [=](const tool_run& run) -> caf::result<tool_result> {
            const auto& arguments = run.arguments;
            json body{{"title", title_of(arguments)},
                      {"durationsMins", {arguments.value("durationMins", 30)}}};
            if (!context.timezone.empty()) body["timezone"] = context.timezone;
            for (const auto* name : {"approval", "maxBookings"})
                if (arguments.contains(name)) body[name] = arguments[name];
            auto said = context;
            if (said.asked_at == timestamp{}) said.asked_at = parts.clock->now();
            if (said.timezone.empty()) said.timezone = said.caller.timezone;
            auto window = window_of(arguments, said, body);
            if (!std::holds_alternative<std::monostate>(window)) {
                self->quit();
                if (auto* why = std::get_if<failure>(&window)) return tool_result{*why};
                return tool_result{std::get<json>(window)};
            }
            auto promise = owe<tool_result>(self);
            self->request(parts.delegations.load(), links_timeout,
                          create_link{context.caller, std::move(body)})
                .then(
                    [=](const result<created_link>& made) {
                        if (made) {
                            auto told = net::link_json(context.caller, *made, parts.address->url(),
                                                       parts.clock->now());
                            told.erase("bookings");
                            promise.deliver(json{{"status", "created"}, {"link", told}});
                        } else {
                            promise.deliver(made.error());
                        }
                        self->quit();
                    },
                    [=](const caf::error&) {
                        promise.deliver(
                            failure{error_code::unavailable, "the links do not answer"});
                        self->quit();
                    });
            return promise;
        },
    };
}

std::string describe_link(const json& arguments) {
    return "Make a link by which others can book " +
           std::to_string(arguments.value("durationMins", 30)) + " minutes of the calendar: ‘" +
           title_of(arguments) + "’";
}

}  // namespace

std::vector<tool> delegation_tools(actor_slot<delegations_actor> delegations,
                                   std::shared_ptr<const wall_clock> clock,
                                   std::shared_ptr<const public_address> address) {
    link_tool_parts parts{std::move(delegations), std::move(clock), std::move(address)};
    return {{{"delegation_create_link",
              "Makes a link by which somebody outside books a time in the user's calendar. Its "
              "address is told this once: give it to the user as it is.",
              link_schema()},
             [parts](caf::actor_system& system, tool_context context) {
                 return system.spawn(make_link, parts, std::move(context));
             },
             describe_link}};
}

}  // namespace perin::actors
