#pragma once

#include "actors/accounts/accounts.hpp"
#include "actors/conversation/conversations.hpp"
#include "actors/memory/memory.hpp"
#include "actors/notifications/notifications.hpp"
#include "actors/session/session.hpp"
#include "actors/store/store.hpp"
#include "persistence/accounts.hpp"
#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/runtime/virtual_system.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

namespace perin::test {

struct fixed_clock final : runtime::wall_clock {
    timestamp time{std::chrono::milliseconds{1'800'000'000'000}};
    [[nodiscard]] timestamp now() const override { return time; }
};

/// Repeats the same octets in the same order.
struct counted_entropy final : runtime::entropy {
    std::uint64_t next = 1;
    void fill(std::span<std::uint8_t> out) override {
        for (auto& octet : out) {
            next = next * 6364136223846793005ULL + 1442695040888963407ULL;
            octet = static_cast<std::uint8_t>(next >> 56);
        }
    }
};

/// A model whose calls the test answers.
struct scripted_model final : runtime::chat_model {
    struct call final : runtime::model_call {
        model_request request;
        runtime::model_sink sink;
        bool cancelled = false;
        void cancel() override { cancelled = true; }
        void say(const std::string& text) { sink(model_delta{text}); }
        void end(const std::string& text, std::vector<tool_call> calls = {}) {
            sink(model_reply{text, std::move(calls), model_finish::stop, token_usage{1, 2, 3}, {}});
        }
        void fail(error_category category) { sink(model_failure{category, "", 0, {}, {}}); }
    };

    std::vector<std::shared_ptr<call>> calls;
    std::string label = "scripted";

    std::shared_ptr<runtime::model_call> start(runtime::shared_model_request request,
                                               runtime::model_sink sink) override {
        auto made = std::make_shared<call>();
        made->request = *request;
        made->sink = std::move(sink);
        calls.push_back(made);
        return made;
    }
    [[nodiscard]] const std::string& name() const override { return label; }
};

/// What a session told, kept.
struct recorded_sink final : runtime::session_sink {
    std::vector<runtime::chat_accepted> accepted_turns;
    std::vector<std::string> finished;
    std::vector<failure> failures;
    std::vector<shared_event> seen;
    std::vector<std::string> gone_ids;
    /// Frames `notification`.
    std::vector<nlohmann::json> notified_of;
    bool wants_room = false;

    void notified(std::shared_ptr<const std::string> frame) override {
        notified_of.push_back(nlohmann::json::parse(*frame));
    }
    void accepted(std::string, runtime::chat_accepted what) override {
        accepted_turns.push_back(what);
    }
    void done(std::string id, std::optional<std::uint64_t>) override { finished.push_back(id); }
    void failed(std::string, failure why) override { failures.push_back(std::move(why)); }
    void events(std::string, std::vector<shared_event> what, bool more) override {
        seen.insert(seen.end(), what.begin(), what.end());
        wants_room = more;
    }
    void gone(std::string id) override { gone_ids.push_back(std::move(id)); }

    [[nodiscard]] std::vector<std::uint64_t> seqs() const {
        std::vector<std::uint64_t> out;
        for (const auto& one : seen) out.push_back(one->value.seq);
        return out;
    }
    [[nodiscard]] std::string text() const {
        std::string out;
        for (const auto& one : seen)
            if (const auto* delta = std::get_if<text_delta>(&one->value.body)) out += delta->text;
        return out;
    }
    template <class Body>
    [[nodiscard]] std::vector<Body> all() const {
        std::vector<Body> out;
        for (const auto& one : seen)
            if (const auto* body = std::get_if<Body>(&one->value.body)) out.push_back(*body);
        return out;
    }
};

/// The actors of a server but its front, on a database of their own, in virtual time.
struct actor_world : virtual_system {
    std::filesystem::path folder;
    std::shared_ptr<fixed_clock> clock = std::make_shared<fixed_clock>();
    std::shared_ptr<counted_entropy> entropy = std::make_shared<counted_entropy>();
    std::shared_ptr<scripted_model> model = std::make_shared<scripted_model>();
    actors::conversations_settings bounds;
    runtime::store_actor store;
    runtime::reader_actor reader;
    runtime::memory_actor memory;
    /// Tools whose calls their user approves first.
    std::vector<std::string> approvals;
    runtime::actor_slot<runtime::notifications_actor> notifications;
    runtime::actor_slot<runtime::conversations_actor> conversations_slot;
    runtime::conversations_actor conversations;
    user anna{"usr_00000000-0000-7000-8000-000000000001", "anna@example.org", "Anna", "UTC"};
    user bert{"usr_00000000-0000-7000-8000-000000000002", "bert@example.org", "Bert", "UTC"};
    std::shared_ptr<actors::session_parts> sessions = std::make_shared<actors::session_parts>();

    actor_world() {
        std::string pattern = (std::filesystem::temp_directory_path() / "perin-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        auto db = open(persistence::sqlite_mode::read_write);
        REQUIRE(persistence::migrate(*db, clock->time));
        persistence::account_repository accounts(*db);
        REQUIRE(accounts.create(anna, "x"));
        REQUIRE(accounts.create(bert, "x"));
        start();
    }
    ~actor_world() {
        stop();
        std::filesystem::remove_all(folder);
    }

    std::unique_ptr<persistence::database> open(persistence::sqlite_mode mode) {
        auto opened = persistence::open_sqlite((folder / "perin.db").string(), mode);
        REQUIRE(opened);
        return std::move(*opened);
    }

    void start() {
        store = actors::spawn_store(system, open(persistence::sqlite_mode::read_write), {}, false);
        reader = actors::spawn_reader(system, open(persistence::sqlite_mode::read_only), false);
        memory = actors::spawn_memories(system, {store, reader, clock});
        auto turns = std::make_shared<actors::turn_parts>();
        turns->model = model;
        auto tools = actors::memory_tools(memory);
        tools.push_back(actors::notification_tools(notifications).front());
        REQUIRE(actors::require_approvals(tools, approvals));
        turns->tools = std::make_shared<actors::tool_registry>(std::move(tools));
        turns->notifications = notifications;
        turns->memory = memory;
        turns->clock = clock;
        auto parts = std::make_shared<actors::conversation_parts>();
        parts->store = store;
        parts->reader = reader;
        parts->turns = turns;
        parts->clock = clock;
        parts->entropy = entropy;
        conversations = actors::spawn_conversations(system, parts, bounds);
        conversations_slot.put(conversations);
        notifications.put(actors::spawn_notifications(
            system, {store, reader, conversations_slot, clock, entropy}));
        sessions->conversations = conversations;
        sessions->notifications = notifications;
        settle();
    }

    void stop() {
        caf::anon_send_exit(conversations, caf::exit_reason::user_shutdown);
        caf::anon_send_exit(memory, caf::exit_reason::user_shutdown);
        caf::anon_send_exit(notifications.load(), caf::exit_reason::user_shutdown);
        settle();
        caf::anon_send_exit(store, caf::exit_reason::user_shutdown);
        caf::anon_send_exit(reader, caf::exit_reason::user_shutdown);
        settle();
        conversations = nullptr;
        memory = nullptr;
        notifications.clear();
        conversations_slot.clear();
        store = nullptr;
        reader = nullptr;
        // A killed process calls nobody back.
        model->calls.clear();
    }

    /// As a crash and a new start: what is not on disk is gone.
    void crash() {
        stop();
        start();
    }

    struct connected_client {
        std::shared_ptr<recorded_sink> news = std::make_shared<recorded_sink>();
        runtime::session_actor session;
    };

    connected_client connect() {
        connected_client made;
        made.session = actors::spawn_session(system, sessions, made.news);
        return made;
    }

    void send(const connected_client& from, runtime::chat_send message) {
        caf::anon_send(from.session,
                       runtime::session_command{runtime::session_send{"1", std::move(message)}});
        settle();
    }

    runtime::chat_send message(const std::string& text, const std::string& conversation = {}) {
        runtime::chat_send out;
        out.account = anna;
        out.conversation_id = conversation;
        out.message = text;
        return out;
    }

    void subscribe(const connected_client& who, const std::string& conversation,
                   std::uint64_t after) {
        caf::anon_send(who.session, runtime::session_command{runtime::session_subscribe{
                                        "2", {anna.id, conversation}, after, 0}});
        settle();
    }

    void leave(connected_client& who) {
        caf::anon_send(who.session, runtime::session_stop{});
        settle();
        who.session = nullptr;
    }
};

}  // namespace perin::test
