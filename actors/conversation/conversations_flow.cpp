#include "actors/conversation/conversations_flow.hpp"

#include "actors/fulfil.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

#include <caf/actor_system.hpp>
#include <sodium.h>

#include <algorithm>

namespace perin::actors {

using namespace runtime;

namespace {

/// Unfinished turns that are taken up at once at the start.
constexpr std::size_t recovery_page = 500;

failure no_such(const char* what) {
    return {error_code::not_found, std::string("there is no such ") + what};
}

failure draining_failure() {
    return {error_code::unavailable,
            "the server is shutting down",
            {},
            {},
            std::chrono::milliseconds{2'000}};
}

/// What makes two requests of one key the same (protocol, Chat over HTTP).
std::string fingerprint_of(const chat_send& message) {
    std::string both = message.conversation_id + '\n' + message.message;
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(both.data()), both.size(), nullptr,
                       0);
    std::string text(hash.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
    text.pop_back();
    return text;
}

}  // namespace

conversations_flow::~conversations_flow() {
    // Turns hold their conversations: those would go on beside the ones of a next incarnation.
    for (auto& [stream, one] : entries_)
        if (one.actor) caf::anon_send_exit(one.actor, caf::exit_reason::kill);
}

void conversations_flow::begin(pointer self, std::shared_ptr<const conversation_parts> parts,
                               conversations_settings settings) {
    self_ = self;
    parts_ = std::move(parts);
    settings_ = settings;
    self_->set_down_handler([this](caf::down_msg& message) { on_down(message); });
    self_->set_exit_handler([this](caf::exit_msg& message) {
        for (auto& [stream, one] : entries_)
            if (one.actor) self_->send_exit(one.actor, message.reason);
        entries_.clear();
        self_->quit(message.reason);
    });
    self_->delayed_send(self_, settings_.tick_every, tick{});
    take_up_unfinished({});
}

void conversations_flow::take_up_unfinished(const std::string& after_turn_id) {
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  list_unfinished{recovery_page, after_turn_id})
        .then(
            [this](const result<unfinished_turns>& found) {
                if (!found)
                    return log(log_level::error, "turns.not_taken_up",
                               "the turns that were cut off cannot be read",
                               {{"code", to_string(found.error().code)}});
                if (found->items.empty()) return;
                log(log_level::info, "turns.taken_up", "turns that were cut off run again",
                    {{"turns", found->items.size()}});
                for (const auto& one : found->items) wake(one.key);
                if (found->items.size() == recovery_page)
                    take_up_unfinished(found->items.back().turn_id);
            },
            [](const caf::error&) {
                log(log_level::error, "turns.not_taken_up",
                    "the turns that were cut off cannot be read", {{"code", "unavailable"}});
            });
}

// --------------------------------------------------------------------------------- residents

conversations_flow::entry& conversations_flow::wake(const conversation_key& key, bool fresh) {
    auto stream = stream_of(key);
    auto& one = entries_[stream];
    if (one.actor) return one;
    one.key = key;
    one.sent = 0;
    one.resting = false;
    one.actor = spawn_conversation(self_->system(), parts_, key,
                                   caf::actor_cast<conversations_actor>(self_), fresh);
    self_->monitor(one.actor);
    by_actor_[one.actor.address()] = stream;
    ++resident_;
    // Those who read the earlier actor ask this one from their cursors on.
    for (const auto& reader : one.readers)
        self_->send(reader, conversation_reset{key.conversation_id});
    return one;
}

conversation_actor& conversations_flow::sent_to(entry& one) {
    ++one.sent;
    stop_resting(one);
    return one.actor;
}

void conversations_flow::stop_resting(entry& one) {
    if (!one.resting) return;
    one.resting = false;
    resting_.erase(one.place);
}

void conversations_flow::add_reader(entry& one, const session_actor& reader) {
    if (!reader) return;
    if (std::find(one.readers.begin(), one.readers.end(), reader) != one.readers.end()) return;
    one.readers.push_back(reader);
    auto& streams = read_by_[reader.address()];
    if (streams.empty()) self_->monitor(reader);
    streams.push_back(stream_of(one.key));
}

void conversations_flow::drop_reader(entry& one, const session_actor& reader) {
    if (std::erase(one.readers, reader) == 0) return;
    auto found = read_by_.find(reader.address());
    std::erase(found->second, stream_of(one.key));
    if (!found->second.empty()) return;
    self_->demonitor(found->first);
    read_by_.erase(found);
}

void conversations_flow::on_reader_down(const caf::actor_addr& reader) {
    auto found = read_by_.find(reader);
    if (found == read_by_.end()) return;
    auto streams = std::move(found->second);
    read_by_.erase(found);
    for (const auto& stream : streams) {
        std::erase_if(entries_.at(stream).readers,
                      [&](const auto& one) { return one.address() == reader; });
        forget_if_unused(stream);
    }
}

void conversations_flow::on_rests(const conversation_rests& what) {
    auto found = entries_.find(stream_of(what.key));
    if (found == entries_.end() || !found->second.actor) return;
    auto& one = found->second;
    // More is on its way to it.
    if (one.sent != what.handled) return;
    if (what.absent) {
        while (!one.readers.empty()) drop_reader(one, session_actor{one.readers.back()});
        return let_go(one);
    }
    stop_resting(one);
    one.resting = true;
    one.rests_since = self_->clock().now();
    one.place = resting_.insert(resting_.end(), found->first);
    while (resident_ > settings_.most_resident && !resting_.empty())
        let_go(entries_.at(resting_.front()));
}

void conversations_flow::let_go(entry& one) {
    stop_resting(one);
    auto stream = stream_of(one.key);
    self_->demonitor(one.actor.address());
    by_actor_.erase(one.actor.address());
    self_->send_exit(one.actor, caf::exit_reason::user_shutdown);
    one.actor = nullptr;
    --resident_;
    forget_if_unused(stream);
}

void conversations_flow::forget_if_unused(const std::string& stream) {
    auto found = entries_.find(stream);
    if (found != entries_.end() && !found->second.actor && found->second.readers.empty())
        entries_.erase(found);
}

void conversations_flow::on_tick() {
    auto now = self_->clock().now();
    while (!resting_.empty()) {
        auto& longest = entries_.at(resting_.front());
        if (longest.rests_since + settings_.passivate_after > now) break;
        let_go(longest);
    }
    for (auto& [stream, one] : entries_)
        if (one.actor && !one.resting) self_->send(one.actor, tick{});
    self_->delayed_send(self_, settings_.tick_every, tick{});
}

void conversations_flow::on_down(const caf::down_msg& message) {
    auto dead = by_actor_.find(message.source);
    if (dead == by_actor_.end()) return on_reader_down(message.source);
    auto stream = dead->second;
    by_actor_.erase(dead);
    auto& one = entries_.at(stream);
    stop_resting(one);
    one.actor = nullptr;
    --resident_;
    auto now = self_->clock().now();
    one.deaths.push_back(now);
    while (one.deaths.front() + settings_.deaths_within < now) one.deaths.pop_front();
    meters().actors["conversation"].restarts.add();
    auto wait = revival_delay(one.deaths.size());
    log(log_level::warning, "conversation.died", "a conversation ended and is started again",
        {{"conversationId", one.key.conversation_id},
         {"userId", one.key.user_id},
         {"deaths", one.deaths.size()},
         {"waitMs", wait}});
    // It may have died over a turn: the new one takes that up from the journal.
    if (wait == std::chrono::milliseconds{0}) return static_cast<void>(wake(one.key));
    self_->delayed_send(self_, wait, revive_conversation{one.key});
}

std::chrono::milliseconds conversations_flow::revival_delay(std::size_t deaths) const {
    if (deaths <= 1) return std::chrono::milliseconds{0};
    auto doubled = std::min<std::size_t>(deaths - 2, 20);
    return std::min(settings_.first_wait * (std::int64_t{1} << doubled), settings_.longest_wait);
}

bool conversations_flow::died_just_now(const entry& one) const {
    return !one.actor && one.deaths.size() > 1 &&
           self_->clock().now() < one.deaths.back() + settings_.reader_waits;
}

void conversations_flow::on_revive(const revive_conversation& what) { wake(what.key); }

counted conversations_flow::count() const {
    counted out;
    for (const auto& [stream, one] : entries_) {
        if (!one.actor) continue;
        ++out.resident;
        if (!one.resting) ++out.running_turns;
    }
    return out;
}

result<actor_report> conversations_flow::describe(const describe_actors& what) const {
    actor_report out;
    out.name = "conversations";
    for (const auto& [stream, one] : entries_) {
        if (!one.actor) continue;
        if (out.children.size() >= what.most_children) {
            ++out.more;
            continue;
        }
        actor_report child;
        child.name = "conversation " + one.key.conversation_id;
        child.state = one.resting ? "resting" : "running";
        child.restarts = one.deaths.size();
        out.children.push_back(std::move(child));
    }
    return out;
}

// ---------------------------------------------------------------------------------- messages

caf::result<result<chat_accepted>> conversations_flow::on_send(chat_send& message) {
    using reply = result<chat_accepted>;
    if (draining_) return reply{draining_failure()};
    if (!message.idempotency_key.empty()) return send_keyed(std::move(message));
    auto fresh = message.conversation_id.empty();
    if (fresh)
        message.conversation_id = make_id("cnv_", parts_->clock->now(), parts_->entropy->for_id());
    auto& one = wake({message.account.id, message.conversation_id}, fresh);
    add_reader(one, message.reader);
    return self_->delegate(sent_to(one), std::move(message));
}

caf::result<result<chat_accepted>> conversations_flow::send_keyed(chat_send message) {
    auto promise = owe<result<chat_accepted>>(self_);
    message.fingerprint = fingerprint_of(message);
    auto claim = message.account.id + '\n' + message.idempotency_key;
    auto [found, first] = claims_.try_emplace(claim);
    if (first)
        look_up_claim(std::move(message), promise);
    else
        found->second.emplace_back(std::move(message), promise);
    return promise;
}

void conversations_flow::look_up_claim(chat_send message,
                                       runtime::owed_reply<result<chat_accepted>> promise) {
    auto claim = message.account.id + '\n' + message.idempotency_key;
    find_claim wanted{message.account.id, message.idempotency_key, parts_->clock->now()};
    self_->request(parts_->reader.load(), parts_->store_timeout, std::move(wanted))
        .then(
            [this, message, promise,
             claim](const result<std::optional<found_claim>>& found) mutable {
                if (!found) {
                    fulfil(promise, found.error());
                    return claim_done(claim);
                }
                if (*found && (*found)->fingerprint != message.fingerprint) {
                    fulfil(promise, failure{error_code::conflict,
                                            "the idempotency key was used for another request",
                                            "/idempotencyKey"});
                    return claim_done(claim);
                }
                if (*found) {
                    message.repeats_turn = (*found)->turn_id;
                    message.conversation_id = (*found)->conversation_id;
                }
                deliver(std::move(message), promise, claim);
            },
            [this, promise, claim](const caf::error&) mutable {
                fulfil(promise, failure{error_code::unavailable, "the store does not answer"});
                claim_done(claim);
            });
}

void conversations_flow::deliver(chat_send message,
                                 runtime::owed_reply<result<chat_accepted>> promise,
                                 const std::string& claim) {
    using reply = result<chat_accepted>;
    auto fresh = message.conversation_id.empty();
    if (fresh)
        message.conversation_id = make_id("cnv_", parts_->clock->now(), parts_->entropy->for_id());
    auto& one = wake({message.account.id, message.conversation_id}, fresh);
    add_reader(one, message.reader);
    self_->request(sent_to(one), parts_->store_timeout, message)
        .then(
            [this, promise, claim, message](const reply& answer) mutable {
                // The claim of one before it, whose conversation died, reached the disk in between.
                if (answer && answer->repeated && message.repeats_turn.empty())
                    return look_up_claim(std::move(message), promise);
                promise.deliver(answer);
                claim_done(claim);
            },
            [this, promise, claim](const caf::error&) mutable {
                fulfil(promise,
                       failure{error_code::unavailable, "the conversation does not answer"});
                claim_done(claim);
            });
}

void conversations_flow::claim_done(const std::string& claim) {
    auto found = claims_.find(claim);
    if (found->second.empty()) {
        claims_.erase(found);
        return;
    }
    auto [message, promise] = std::move(found->second.front());
    found->second.erase(found->second.begin());
    look_up_claim(std::move(message), promise);
}

caf::result<result<void>> conversations_flow::on_cancel(const chat_cancel& what) {
    using reply = result<void>;
    if (!is_id(what.turn_id, "trn_")) return reply{no_such("turn")};
    auto promise = owe<reply>(self_);
    auto silent = [promise](const caf::error&) mutable {
        fulfil(promise, failure{error_code::unavailable, "the conversation does not answer"});
    };
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  find_turn{what.user_id, what.turn_id})
        .then(
            [this, promise, silent, what](const result<found_turn>& found) mutable {
                if (!found) return fulfil(promise, found.error());
                if (what.conversation_id && found->key.conversation_id != *what.conversation_id)
                    return fulfil(promise, no_such("turn"));
                // Whose it is goes before how it stands.
                if (found->ended && what.delegation_id.empty())
                    return fulfil(promise, failure{error_code::conflict, "the turn has ended"});
                auto& one = wake(found->key);
                self_
                    ->request(sent_to(one), parts_->store_timeout,
                              cancel_turn{what.turn_id, what.delegation_id})
                    .then([promise](const reply& answer) mutable { promise.deliver(answer); },
                          silent);
            },
            silent);
    return promise;
}

caf::result<result<fetch_page>> conversations_flow::on_fetch(chat_fetch& wanted) {
    if (!is_conversation_id(wanted.key.conversation_id) &&
        !is_id(wanted.key.conversation_id, "cnv_"))
        return result<fetch_page>{no_such("conversation")};
    if (auto known = entries_.find(stream_of(wanted.key));
        known != entries_.end() && died_just_now(known->second))
        return result<fetch_page>{
            failure{error_code::unavailable, "the conversation is started again"}};
    auto& one = wake(wanted.key);
    add_reader(one, wanted.reader);
    return self_->delegate(sent_to(one), std::move(wanted));
}

void conversations_flow::on_leave(const chat_leave& what) {
    auto found = entries_.find(stream_of(what.key));
    if (found == entries_.end()) return;
    drop_reader(found->second, what.reader);
    if (found->second.actor)
        self_->send(sent_to(found->second), what);
    else
        forget_if_unused(found->first);
}

caf::result<result<void>> conversations_flow::on_erase(const chat_erase& what) {
    auto& one = wake(what.key);
    return self_->delegate(sent_to(one), what);
}

caf::result<result<void>> conversations_flow::on_tell(tell_workflow& what) {
    auto& one = wake(what.key);
    return self_->delegate(sent_to(one), std::move(what));
}

caf::result<result<conversation_pruned>> conversations_flow::on_retire(const chat_retire& what) {
    // One that is in memory, or read, is in use.
    if (draining_ || entries_.contains(stream_of(what.key)))
        return result<conversation_pruned>{conversation_pruned{}};
    auto& one = wake(what.key);
    return self_->delegate(sent_to(one), what);
}

void conversations_flow::on_forget(const std::string& user_id) {
    std::vector<std::string> theirs;
    for (const auto& [stream, one] : entries_)
        if (one.key.user_id == user_id) theirs.push_back(stream);
    for (const auto& stream : theirs) {
        auto& one = entries_.at(stream);
        for (const auto& reader : std::vector{one.readers}) {
            self_->send(reader, conversation_gone{one.key.conversation_id});
            drop_reader(one, reader);
        }
        if (one.actor)
            let_go(one);
        else
            forget_if_unused(stream);
    }
}

caf::result<result<live_text>> conversations_flow::on_live_text(const chat_live_text& what) {
    auto found = entries_.find(stream_of(what.key));
    if (found == entries_.end() || !found->second.actor) return result<live_text>{live_text{}};
    return self_->delegate(sent_to(found->second), what);
}

}  // namespace perin::actors
