#include "actors/session/session.hpp"

#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace perin::actors {

using namespace runtime;

namespace {

/// Time for the conversations to be started again.
constexpr std::chrono::milliseconds resume_after{100};

failure conversations_silent() {
    return {error_code::unavailable, "the conversation does not answer"};
}

failure notifications_silent() {
    return {error_code::unavailable, "the notifications do not answer"};
}

failure workflows_silent() { return {error_code::unavailable, "the workflows do not answer"}; }

/// A connection's cursors: for each conversation the highest `seq` that was handed on.
class session {
  public:
    static constexpr const char* name = "session";
    using pointer = session_actor::stateful_pointer<session>;

    void begin(pointer self, std::shared_ptr<const session_parts> parts,
               std::shared_ptr<session_sink> sink) {
        self_ = self;
        parts_ = std::move(parts);
        sink_ = std::move(sink);
        self_->set_down_handler([this](const caf::down_msg& message) {
            if (message.source == teller_) return listen_later();
            // The conversations have ended and are started again: every cursor asks anew, also one
            // whose answer is still in the mailbox.
            ended_ = watched_;
            for (const auto& [id, one] : cursors_) resume_later(id);
        });
    }

    void on_events(conversation_events& news) {
        auto found = cursors_.find(news.conversation_id);
        // What comes while a page is awaited will be in a page.
        if (found == cursors_.end() || !found->second.live) return;
        hand_on(news.conversation_id, found->second, std::move(news.events), false);
    }

    void on_gone(const conversation_gone& what) {
        if (cursors_.erase(what.conversation_id) != 0) sink_->gone(what.conversation_id);
    }

    void on_reset(const conversation_reset& what) {
        auto found = cursors_.find(what.conversation_id);
        if (found == cursors_.end()) return;
        if (std::exchange(found->second.resumes, false) || found->second.live)
            fetch(what.conversation_id, found->second, {}, 0);
    }

    void on_command(session_command& command) {
        std::visit([this](auto& what) { obey(what); }, command.what);
    }

    void on_notification(const notification_news& news) {
        if (sink_) sink_->notified(news.frame);
    }

    void stop() {
        for (const auto& [id, one] : cursors_)
            self_->send(parts_->conversations.load(), chat_leave{one.key, self_});
        sink_.reset();
        self_->quit();
    }

  private:
    struct cursor {
        conversation_key key;
        std::uint64_t seq = 0;
        bool live = false;
        /// As of `chat_fetch`.
        std::string delegation_id = {};
        /// The conversation has answered: whoever asks may have it.
        bool granted = false;
        /// Tells the answers to the newest fetch from earlier ones.
        std::uint64_t generation = 0;
        /// Where the next page begins, while one waits for room; nothing else does.
        std::optional<std::uint64_t> next_version = {};
        /// It asks anew soon, since nobody answered.
        bool resumes = false;
    };

    /// The notifications do not know their listeners any more once they are started again: whoever
    /// stands there then is told.
    void listen() {
        auto teller = parts_->notifications.load();
        if (!teller) return;
        if (teller.address() == ended_teller_) return ask_to_listen_soon();
        teller_ = teller.address();
        self_->monitor(teller);
        self_->send(teller, listen_to_notifications{listens_as_, self_});
    }

    void listen_later() {
        ended_teller_ = std::exchange(teller_, caf::actor_addr{});
        ask_to_listen_soon();
    }

    void ask_to_listen_soon() {
        self_->delayed_send(self_, resume_after, session_command{session_listen{listens_as_}});
    }

    /// Who finds conversations at present; heard of when it ends. Who has no cursor needs not.
    conversations_actor finder() {
        auto version = parts_->conversations.version();
        auto stands = parts_->conversations.load();
        if (stands && version != watched_) {
            watched_ = version;
            self_->monitor(stands);
        }
        return stands;
    }

    /// Whether the conversations that were asked then are those that stand now: what earlier ones
    /// answered is true, but they tell of nothing more.
    [[nodiscard]] bool still_stand(std::uint64_t then) const {
        return ended_ != then && parts_->conversations.version() == then;
    }

    void resume_later(const std::string& id) {
        cursors_.at(id).resumes = true;
        self_->delayed_send(self_, resume_after, conversation_reset{id});
    }

    void hand_on(const std::string& id, cursor& one, std::vector<shared_event> events, bool more) {
        std::vector<shared_event> fresh;
        fresh.reserve(events.size());
        for (auto& event : events) {
            if (event->value.seq <= one.seq) continue;
            one.seq = event->value.seq;
            fresh.push_back(std::move(event));
        }
        if (!fresh.empty()) sink_->events(id, std::move(fresh), more);
    }

    void obey(session_send& what) {
        auto asked = what.message.conversation_id;
        auto known = cursors_.contains(asked);
        if (!known && cursors_.size() >= parts_->most_subscriptions)
            return sink_->failed(what.request_id, too_many());
        auto key = conversation_key{what.message.account.id, {}};
        // With a key the answer takes another way than the events: those are asked for then.
        auto reads = !known && what.message.idempotency_key.empty();
        if (reads) what.message.reader = self_;
        auto link = what.message.guest ? what.message.guest->delegation_id : std::string();
        auto asked_now = finder();
        self_->request(asked_now, parts_->timeout, std::move(what.message))
            .then(
                [this, key, reads, version = watched_, link,
                 id = what.request_id](const result<chat_accepted>& answer) mutable {
                    if (!answer) return sink_->failed(id, answer.error());
                    key.conversation_id = answer->conversation_id;
                    auto [at, added] = cursors_.try_emplace(key.conversation_id);
                    auto live = reads && still_stand(version);
                    if (added) at->second = {key, answer->seq, live, link};
                    at->second.granted = true;
                    sink_->accepted(id, *answer);
                    if (added && !live) fetch(key.conversation_id, at->second, {}, 0);
                },
                [this, id = what.request_id](const caf::error&) {
                    sink_->failed(id, conversations_silent());
                });
    }

    void obey(session_subscribe& what) {
        auto known = cursors_.contains(what.key.conversation_id);
        if (!known && cursors_.size() >= parts_->most_subscriptions)
            return sink_->failed(what.request_id, too_many());
        auto& one = cursors_[what.key.conversation_id];
        one.key = what.key;
        one.seq = what.after_seq;
        one.delegation_id = what.delegation_id;
        fetch(what.key.conversation_id, one, what.request_id, what.after_version);
    }

    void obey(session_unsubscribe& what) {
        auto found = cursors_.find(what.conversation_id);
        if (found != cursors_.end()) {
            self_->send(parts_->conversations.load(), chat_leave{found->second.key, self_});
            cursors_.erase(found);
        }
        sink_->done(what.request_id, std::nullopt);
    }

    void obey(session_cancel& what) {
        self_->request(parts_->conversations.load(), parts_->timeout, std::move(what.turn))
            .then(
                [this, id = what.request_id](const result<void>& answer) {
                    if (answer)
                        sink_->done(id, std::nullopt);
                    else
                        sink_->failed(id, answer.error());
                },
                [this, id = what.request_id](const caf::error&) {
                    sink_->failed(id, conversations_silent());
                });
    }

    void obey(session_listen& what) {
        listens_as_ = std::move(what.user_id);
        listen();
    }

    void obey(session_resolve& what) {
        self_->request(parts_->notifications.load(), parts_->timeout, std::move(what.decision))
            .then(
                [this, id = what.request_id](const result<notification>& answer) {
                    if (!sink_) return;
                    if (answer)
                        sink_->done(id, std::nullopt);
                    else
                        sink_->failed(id, answer.error());
                },
                [this, id = what.request_id](const caf::error&) {
                    if (sink_) sink_->failed(id, notifications_silent());
                });
    }

    void obey(session_workflow& what) {
        if (what.order.by_guest)
            for (const auto& [id, one] : cursors_)
                if (one.granted) what.order.conversations.push_back(id);
        self_->request(parts_->workflows.load(), parts_->timeout, std::move(what.order))
            .then(
                [this, id = what.request_id](const result<workflow::account_of>& answer) {
                    if (!sink_) return;
                    if (answer)
                        sink_->done(id, std::nullopt);
                    else
                        sink_->failed(id, answer.error());
                },
                [this, id = what.request_id](const caf::error&) {
                    if (sink_) sink_->failed(id, workflows_silent());
                });
    }

    void obey(session_room&) {
        for (auto& [id, one] : cursors_)
            if (auto version = std::exchange(one.next_version, std::nullopt))
                fetch(id, one, {}, *version);
    }

    /// Asks for the events after the cursor. `request_id` set: the answer is owed to the client.
    void fetch(const std::string& id, cursor& one, std::optional<std::string> request_id,
               std::uint64_t after_version) {
        auto asked = finder();
        one.live = false;
        one.next_version.reset();
        auto generation = ++one.generation;
        self_
            ->request(asked, parts_->timeout,
                      chat_fetch{one.key, one.seq, after_version, self_, one.delegation_id})
            .then(
                [this, id, request_id, generation, version = watched_](result<fetch_page>& page) {
                    on_page(id, request_id, generation, page);
                    auto found = cursors_.find(id);
                    if (found == cursors_.end() || found->second.generation != generation) return;
                    if (found->second.live && !still_stand(version)) resume_later(id);
                },
                [this, id, request_id, generation](const caf::error&) {
                    result<fetch_page> failed{conversations_silent()};
                    on_page(id, request_id, generation, failed);
                });
    }

    void on_page(const std::string& id, const std::optional<std::string>& request_id,
                 std::uint64_t generation, result<fetch_page>& page) {
        auto found = cursors_.find(id);
        auto current = found != cursors_.end() && found->second.generation == generation;
        if (!page) {
            if (current && !request_id && page.error().code == error_code::unavailable)
                return resume_later(id);
            if (current) {
                // What comes after this finds no reader there that has not asked anew.
                if (auto conversations = parts_->conversations.load())
                    self_->send(conversations, chat_leave{found->second.key, self_});
                cursors_.erase(found);
            }
            if (request_id) return sink_->failed(*request_id, page.error());
            if (current) sink_->gone(id);
            return;
        }
        if (request_id) sink_->done(*request_id, page->newest);
        if (!current) return;
        auto& one = found->second;
        one.granted = true;
        one.live = page->live;
        if (!page->live) one.next_version = page->next_version;
        auto before = one.seq;
        hand_on(id, one, std::move(page->events), !one.live);
        // A page with nothing new: there is no write to wait for.
        if (!one.live && one.seq == before) fetch(id, one, {}, page->next_version);
    }

    static failure too_many() {
        return {error_code::rate_limited, "too many conversations are followed by this connection"};
    }

    pointer self_ = nullptr;
    std::shared_ptr<const session_parts> parts_;
    std::shared_ptr<session_sink> sink_;
    std::map<std::string, cursor> cursors_;
    std::string listens_as_;
    caf::actor_addr teller_;
    /// One that has ended, and may still stand in its slot.
    caf::actor_addr ended_teller_;
    /// The conversations that are monitored, by their slot's version.
    std::uint64_t watched_ = 0;
    /// Those that ended last.
    std::uint64_t ended_ = 0;
};

session_actor::behavior_type session_behavior(session::pointer self,
                                              std::shared_ptr<const session_parts> parts,
                                              std::shared_ptr<session_sink> sink) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts), std::move(sink));
    return {
        [&state](conversation_events& news) { state.on_events(news); },
        [&state](const conversation_gone& what) { state.on_gone(what); },
        [&state](const conversation_reset& what) { state.on_reset(what); },
        [&state](const notification_news& news) { state.on_notification(news); },
        [&state](session_command& command) { state.on_command(command); },
        [&state](session_stop) { state.stop(); },
    };
}

}  // namespace

session_actor spawn_session(caf::actor_system& system, std::shared_ptr<const session_parts> parts,
                            std::shared_ptr<session_sink> sink) {
    return system.spawn(session_behavior, std::move(parts), std::move(sink));
}

}  // namespace perin::actors
