#pragma once

#include "actors/conversation/conversations.hpp"
#include "actors/memory/memory.hpp"
#include "actors/session/session.hpp"
#include "tests/actors/delegation/link_world.hpp"

namespace perin::test {

/// Guests who chat by a link of Anna's, and Anna, with a model that the test answers for.
struct guest_chat_world : link_world {
    std::shared_ptr<scripted_model> model = std::make_shared<scripted_model>();
    std::shared_ptr<scripted_model> other_model = std::make_shared<scripted_model>();
    runtime::actor_slot<runtime::memory_actor> memory;
    runtime::actor_slot<runtime::delegations_actor> links;
    std::shared_ptr<actors::session_parts> sessions = std::make_shared<actors::session_parts>();
    std::shared_ptr<actors::answer_cache> answers = std::make_shared<actors::answer_cache>();
    /// The second model stands behind the first.
    bool falls_back = false;

    ~guest_chat_world() { close_chat(); }

    void open_chat(const std::string& driver = "sqlite") {
        close_chat();
        open(driver);
        spawn_chat();
    }

    void crash_chat() {
        close_chat();
        crash();
        spawn_chat();
    }

    void spawn_chat() {
        const auto& side = sides.front();
        links.put(delegations);
        memory.put(actors::spawn_memories(system, {side.store, side.reader, clock}));
        auto turns = std::make_shared<actors::turn_parts>();
        turns->model = model;
        if (falls_back) turns->other_models = {other_model};
        turns->answers = answers;
        auto owners = actors::memory_tools(memory);
        for (auto& one : actors::calendar_tools(side.calendars, memory, clock))
            owners.push_back(std::move(one));
        for (auto& one : actors::notification_tools(notifications))
            owners.push_back(std::move(one));
        turns->tools = std::make_shared<actors::tool_registry>(std::move(owners));
        turns->guest_tools =
            std::make_shared<actors::tool_registry>(actors::guest_tools(links, clock));
        turns->delegations = links;
        turns->notifications = notifications;
        turns->memory = memory;
        turns->clock = clock;
        auto parts = std::make_shared<actors::conversation_parts>();
        parts->store = side.store;
        parts->reader = side.reader;
        parts->turns = std::move(turns);
        parts->clock = clock;
        parts->entropy = entropy;
        conversations.put(actors::spawn_conversations(system, std::move(parts), {}));
        sessions->conversations = conversations;
        sessions->notifications = notifications;
        sessions->workflows = workflows;
        settle();
    }

    void close_chat() {
        const auto end = [this](auto actor) {
            if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
            settle();
        };
        end(conversations.load());
        end(memory.load());
        conversations.clear();
        memory.clear();
        links.clear();
        for (const auto& each : {model, other_model}) each->calls.clear();
    }

    struct client {
        std::shared_ptr<recorded_sink> news = std::make_shared<recorded_sink>();
        runtime::session_actor session;
    };

    client connect() {
        client made;
        made.session = actors::spawn_session(system, sessions, made.news);
        return made;
    }

    runtime::chat_send owners_message(const std::string& text,
                                      const std::string& conversation = {}) const {
        runtime::chat_send out;
        out.account = anna;
        out.conversation_id = conversation;
        out.message = text;
        return out;
    }
    runtime::chat_send guests_message(const runtime::created_link& by, const std::string& text,
                                      const std::string& conversation = {}) const {
        auto out = owners_message(text, conversation);
        out.guest = runtime::guest_access{by.link.id, !conversation.empty()};
        return out;
    }

    void send(const client& from, runtime::chat_send message) {
        caf::anon_send(from.session,
                       runtime::session_command{runtime::session_send{"1", std::move(message)}});
        settle();
    }

    /// A guest who has said something, on a connection of its own.
    client talk(const runtime::created_link& by, const std::string& text) {
        auto made = connect();
        send(made, guests_message(by, text));
        return made;
    }

    template <class Command>
    void command(const client& from, Command what) {
        caf::anon_send(from.session, runtime::session_command{std::move(what)});
        settle();
    }

    [[nodiscard]] scripted_model::call& call() {
        REQUIRE_FALSE(model->calls.empty());
        return *model->calls.back();
    }

    void reply(const std::string& text, std::vector<tool_call> calls = {}) {
        call().end(text, std::move(calls));
        settle();
    }

    /// Answers AI_ANALYSIS, which is asked now.
    void analysed(bool multi_step, double confidence = 0.9) {
        REQUIRE(call().request.response);
        reply(nlohmann::json{{"multiStep", multi_step},
                             {"reasoning", "asks for a meeting"},
                             {"confidence", confidence}}
                  .dump());
    }

    [[nodiscard]] static tool_call scheduling(const std::string& start,
                                              const std::string& name = "Gustav",
                                              const std::string& email = "gustav@example.org") {
        return {"call_1", "delegation_schedule_meeting",
                nlohmann::json{{"start", start}, {"name", name}, {"email", email}}.dump()};
    }

    std::size_t booked() { return listed("2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z").size(); }
};

}  // namespace perin::test
