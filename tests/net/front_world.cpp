#include "tests/net/front_world.hpp"

#include <boost/asio/post.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <future>

namespace perin::net {

using namespace runtime;

namespace {

const user anna{"usr_anna", "anna@example.org", "Anna", "UTC"};

failure unexpected() { return {error_code::internal, "nobody was to ask this"}; }

class repeating_entropy final : public entropy {
  public:
    void fill(std::span<std::uint8_t> out) override {
        for (auto& octet : out) octet = static_cast<std::uint8_t>(next_++ * 37);
    }

  private:
    std::atomic<std::uint64_t> next_ = 1;
};

accounts_actor::behavior_type fake_accounts() {
    auto dead = std::make_shared<bool>(false);
    return {
        [dead](const authenticate& what) -> result<token_owner> {
            if (what.token != good_token || *dead)
                return failure{error_code::unauthenticated, "the token is not valid"};
            return token_owner{{"tok_1", anna.id, token_kind::session, "test"}, anna};
        },
        [](const log_in&) -> result<logged_in> { return unexpected(); },
        [](const follow_login_link&) -> result<logged_in> { return unexpected(); },
        [](const open_session&) -> result<logged_in> { return unexpected(); },
        [dead](const end_token&) -> result<void> {
            *dead = true;
            return {};
        },
        [](const add_user&) -> result<user> { return unexpected(); },
        [](const set_password&) -> result<user> { return unexpected(); },
        [](const drop_user&) -> result<user> { return unexpected(); },
        [](const add_token&) -> result<logged_in> { return unexpected(); },
        [](const list_users&) -> result<std::vector<user>> { return unexpected(); },
        [](const list_tokens&) -> result<std::vector<access_token>> { return unexpected(); },
    };
}

/// Tells in the notification's title what it was asked.
notifications_actor::behavior_type fake_notifications() {
    auto told = [](const std::string& user_id, std::string title) {
        notification out;
        out.id = "ntf_1";
        out.user_id = user_id;
        out.type = "note";
        out.title = std::move(title);
        out.payload = R"({"n":1})";
        out.actions = R"(["accept"])";
        return out;
    };
    return {
        [](const notify_user&) -> result<notification> { return unexpected(); },
        [told](const list_notifications& what) -> result<notification_page> {
            return notification_page{
                {told(what.user_id, (what.state ? std::string(to_string(*what.state)) : "all") +
                                        " " + std::to_string(what.limit) + " " +
                                        what.cursor.value_or("-"))},
                "more"};
        },
        [told](const resolve_notification& what) -> result<notification> {
            if (what.id == "ntf_over") return failure{error_code::gone, "it has expired"};
            if (!what.by_user || what.once) return unexpected();
            return told(what.user_id, what.id + " " + what.action + " " + what.data.dump());
        },
        [](const listen_to_notifications&) {},
        [](tick) {},
    };
}

bridge_actor::behavior_type fake_bridge(bridge_actor::pointer self) {
    return {[self](bridge_task& what) { what.run(self); }};
}

void tell_a_turn(session_sink& to) {
    const std::string id = "cnv_fake0001";
    to.events(id, {event_of(1, turn_started{"hello", execution_mode::direct})}, false);
    to.events(id, {event_of(2, text_delta{"Good "})}, false);
    to.events(id, {event_of(3, text_delta{"day."})}, false);
    to.events(id, {event_of(4, turn_completed{"Good day."})}, false);
}

/// A command in words: whose, which, to what.
std::string recited(const command_workflow& what) {
    struct words {
        std::string operator()(const pause_workflow&) const { return "pause"; }
        std::string operator()(const resume_workflow&) const { return "resume"; }
        std::string operator()(const cancel_workflow&) const { return "cancel"; }
        std::string operator()(const skip_step& one) const { return "skip " + one.step_id; }
        std::string operator()(const retry_step& one) const { return "retry " + one.step_id; }
        std::string operator()(const answer_step& one) const {
            return "answer " + one.step_id + " " + one.answer.dump();
        }
    };
    return what.user_id + " " + what.id + " " + std::visit(words{}, what.order);
}

session_actor::behavior_type fake_session(session_actor::pointer self,
                                          std::shared_ptr<told_sessions> told,
                                          std::shared_ptr<session_sink> sink) {
    return {
        [](const conversation_events&) {},
        [](const conversation_gone&) {},
        [](const conversation_reset&) {},
        [](const notification_news&) {},
        [told, sink](session_command& what) {
            if (const auto* send = std::get_if<session_send>(&what.what)) {
                told->sent.fetch_add(1);
                if (!told->accepts) return;
                sink->accepted(send->request_id, {"cnv_fake0001", "trn_1", 0});
                if (told->answers) tell_a_turn(*sink);
            } else if (const auto* follow = std::get_if<session_subscribe>(&what.what)) {
                told->sent.fetch_add(1);
                if (!told->accepts) return;
                sink->done(follow->request_id, 4);
                if (told->answers) tell_a_turn(*sink);
            } else if (const auto* decide = std::get_if<session_resolve>(&what.what)) {
                sink->failed(decide->request_id,
                             {error_code::conflict,
                              decide->decision.user_id + " " + decide->decision.id + " " +
                                  decide->decision.action + " " + decide->decision.data.dump()});
            } else if (const auto* order = std::get_if<session_workflow>(&what.what)) {
                const auto& [id, command] = *order;
                if (command.id == "wfl_known") return sink->done(id, std::nullopt);
                sink->failed(id, {error_code::conflict, recited(command)});
            } else if (const auto* listen = std::get_if<session_listen>(&what.what)) {
                told->listens.fetch_add(listen->user_id == anna.id ? 1 : 100);
            } else if (std::holds_alternative<session_room>(what.what)) {
                told->rooms.fetch_add(1);
            }
        },
        [told, self](const session_stop&) {
            told->stopped.fetch_add(1);
            self->quit();
        },
    };
}

}  // namespace

shared_event event_of(std::uint64_t seq, event_body body) {
    auto made = std::make_shared<published_event>();
    made->value = event{"trn_1", seq, seq, timestamp{}, std::move(body)};
    made->frame = to_frame("cnv_fake0001", made->value);
    return made;
}

void told_sessions::kill_newest() {
    std::lock_guard lock(mutex_);
    auto dead = std::move(sessions_.back());
    sessions_.pop_back();
    killed.fetch_add(1);
    caf::anon_send_exit(dead.session, caf::exit_reason::kill);
}

front_world::config::config() {
    set("scheduler.max-threads", std::size_t{2});
    set("logger.console", caf::atom("none"));
}

front_world::front_world(front_settings settings, std::shared_ptr<asio::ssl::context> tls) {
    settings.version = "test";
    settings.node = "test";
    // Only `advance` looks at deadlines.
    settings.sweep_every = std::chrono::hours{1};
    front_parts parts;
    parts.accounts = system_.spawn(fake_accounts);
    parts.notifications = system_.spawn(fake_notifications);
    parts.bridges = {system_.spawn(fake_bridge)};
    parts.open_session = [this](std::shared_ptr<session_sink> sink) {
        sessions_->opened.fetch_add(1);
        auto session = system_.spawn(fake_session, sessions_, sink);
        sessions_->add(session, std::move(sink));
        return session;
    };
    parts.clock = clock_;
    parts.entropy = std::make_shared<repeating_entropy>();
    parts.time = [clock = clock_] { return clock->steady(); };
    parts.faults = [this] {
        std::lock_guard lock(mutex_);
        return std::exchange(faults_, nullptr);
    };
    server_ = std::make_unique<front>(io_, std::move(settings), std::move(parts), std::move(tls));
    REQUIRE(server_->listen("127.0.0.1", 0, "127.0.0.1", 0));
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
}

front_settings front_world::unlimited() {
    front_settings out;
    out.limits = false;
    return out;
}

front_world::~front_world() {
    server_->close();
    CHECK(rests());
    work_.reset();
    thread_.join();
    sessions_->clear();
    // A request's timeout holds its actor for as long as it lasts, answered or not.
    caf::anon_send_exit(server_->parts().accounts.load(), caf::exit_reason::user_shutdown);
    caf::anon_send_exit(server_->parts().notifications.load(), caf::exit_reason::user_shutdown);
    for (const auto& bridge : server_->parts().bridges)
        caf::anon_send_exit(bridge.load(), caf::exit_reason::user_shutdown);
}

void front_world::befall(std::shared_ptr<wire_faults> faults) {
    std::lock_guard lock(mutex_);
    faults_ = std::move(faults);
}

void front_world::settle() {
    // An operation that ends at once takes a few steps through strand and coroutines.
    for (int step = 0; step < 8; ++step) {
        std::promise<void> done;
        asio::post(io_, [&done] { done.set_value(); });
        done.get_future().wait();
    }
}

void front_world::advance(std::chrono::milliseconds by) {
    clock_->advance(by);
    server_->look_at_deadlines();
    settle();
}

bool front_world::reaches(const std::function<bool()>& holds) {
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        settle();
        std::this_thread::yield();
    }
    return true;
}

bool front_world::rests() {
    return reaches([&] {
        return server_->open_connections() == 0 &&
               sessions_->opened == sessions_->stopped + sessions_->killed;
    });
}

std::string front_world::request(const std::string& method, const std::string& target,
                                 const std::string& more, const std::string& body) {
    auto out = method + " " + target + " HTTP/1.1\r\nHost: perin.test\r\n" + more;
    if (!body.empty())
        out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n";
    return out + "\r\n" + body;
}

std::string front_world::bearer() {
    return std::string("Authorization: Bearer ") + good_token + "\r\n";
}

std::string front_world::chat(const std::string& more) {
    return request("POST", "/api/ai/chat", bearer() + more,
                   R"({"messages":[{"role":"user","content":"hello"}]})");
}

std::string front_world::upgrade(const std::string& more) {
    return request("GET", "/ws",
                   "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                       more);
}

}  // namespace perin::net
