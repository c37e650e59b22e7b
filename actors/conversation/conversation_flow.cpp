#include "actors/conversation/conversation_flow.hpp"

#include "actors/fulfil.hpp"
#include "actors/turn/turn_record.hpp"
#include "domain/conversation_records.hpp"
#include "runtime/log.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;

namespace {

failure no_such_conversation() { return {error_code::not_found, "there is no such conversation"}; }

failure store_silent() { return {error_code::unavailable, "the store does not answer"}; }

}  // namespace

// ---------------------------------------------------------------------------------- beginning

void conversation_flow::begin(pointer self, std::shared_ptr<const conversation_parts> parts,
                              conversation_key key, conversations_actor parent, bool fresh) {
    self_ = self;
    parts_ = std::move(parts);
    parent_ = std::move(parent);
    state_ = conversation{std::move(key)};
    self_->set_down_handler([this](caf::down_msg& message) { on_down(message); });
    self_->set_exit_handler([this](caf::exit_msg& message) {
        if (turn_) caf::anon_send_exit(turn_, caf::exit_reason::user_shutdown);
        self_->quit(message.reason);
    });
    load(fresh);
}

void conversation_flow::load(bool fresh) {
    if (fresh) return;
    // `await`: messages wait until the state is there.
    self_->request(parts_->reader.load(), parts_->store_timeout, load_conversation{state_.key()})
        .await(
            [this](result<loaded_conversation>& loaded) {
                if (!loaded) return give_up(loaded.error());
                take_up(std::move(*loaded));
            },
            [this](const caf::error&) { give_up(store_silent()); });
}

void conversation_flow::take_up(loaded_conversation loaded) {
    exists_ = loaded.exists;
    deleted_ = loaded.deleted;
    // One that was started again may have nobody who asks for it.
    if (!exists_ || deleted_) return rest();
    account_ = std::move(loaded.owner);
    delegation_id_ = std::move(loaded.delegation_id);
    if (!delegation_id_.empty()) state_.be_guests();
    state_.restore(loaded.tail, loaded.summary.last_seq);
    announced_ = state_.last_seq();
    if (state_.running()) {
        taken_up_ = true;
        commit(state_.restart(now()), {}, [this](const auto&) { start_turn(); });
    } else {
        next_turn();
    }
}

// ------------------------------------------------------------------------------------ messages

pending_turn conversation_flow::make_turn(const chat_send& message) {
    auto at = now();
    auto id = [&](const char* prefix) { return make_id(prefix, at, parts_->entropy->for_id()); };
    pending_turn turn;
    turn.turn_id = id("trn_");
    turn.user_message_id = id("msg_");
    turn.assistant_message_id = id("msg_");
    turn.message = message.message;
    turn.options = message.options;
    turn.decided = message.decided;
    turn.origin = message.origin;
    if (turn.origin.trace) {
        span_id own{};
        parts_->entropy->fill(own);
        turn.origin.trace = child_of(*turn.origin.trace, own);
    }
    return turn;
}

std::optional<failure> conversation_flow::closed_to(const std::string& delegation_id) const {
    if (delegation_id.empty() || delegation_id == delegation_id_) return std::nullopt;
    return no_such_conversation();
}

std::optional<failure> conversation_flow::refusal(const chat_send& message) const {
    if (!exists_ && message.guest && message.guest->must_exist) return no_such_conversation();
    if (!exists_) return std::nullopt;
    if (message.guest) return closed_to(message.guest->delegation_id);
    // What the guest has written would stand beside the owner's own tools.
    if (!delegation_id_.empty())
        return failure{error_code::forbidden,
                       "the conversation is a guest's: it can be read and deleted"};
    return std::nullopt;
}

caf::result<result<chat_accepted>> conversation_flow::on_send(chat_send& message) {
    using reply = result<chat_accepted>;
    if (deleted_) return reply{no_such_conversation()};
    if (auto why = refusal(message)) return reply{*why};
    if (!message.repeats_turn.empty()) return on_repeat(message);
    if (message.guest) return on_guest_send(message);
    auto promise = owe<reply>(self_);
    accept(message, promise);
    return promise;
}

/// A link that has nothing left is told so before anything is changed; of two at once the commit
/// decides.
caf::result<result<chat_accepted>> conversation_flow::on_guest_send(const chat_send& message) {
    auto promise = owe<result<chat_accepted>>(self_);
    ++guests_waiting_;
    const auto refuse = [this, promise](const failure& why) {
        promise.deliver(result<chat_accepted>{why});
        rest();
    };
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  find_delegation{state_.key().user_id, message.guest->delegation_id, {}})
        .then(
            [this, promise, refuse, sent = message](const result<found_delegation>& found) mutable {
                --guests_waiting_;
                if (!found) return refuse(found.error());
                if (auto why = no_turn_left(found->link, now())) return refuse(*why);
                if (deleted_) return refuse(no_such_conversation());
                accept(sent, promise);
            },
            [this, refuse](const caf::error&) mutable {
                --guests_waiting_;
                refuse(store_silent());
            });
    return promise;
}

void conversation_flow::accept(chat_send& message, owed_reply<result<chat_accepted>> promise) {
    account_ = message.account;
    auto turn = make_turn(message);
    commit_conversation extras;
    if (!exists_) extras.begins = title_of(message.message);
    if (message.guest) {
        delegation_id_ = message.guest->delegation_id;
        state_.be_guests();
        extras.delegation_id = delegation_id_;
        extras.guest_turn_tokens = least_turn_tokens(message.message);
    }
    extras.accepted = {turn.turn_id, turn.user_message_id, turn.assistant_message_id,
                       state_.version() + 1};
    if (message.decided) extras.follows = message.decided->notification_id;
    if (!message.idempotency_key.empty())
        extras.claim = {message.idempotency_key, std::move(message.fingerprint), turn.turn_id};
    auto turn_id = turn.turn_id;
    auto history =
        exists_ ? std::span<const chat_message>{} : std::span<const chat_message>{message.history};
    auto taken = state_.accept(std::move(turn), message.on_busy, now(), history);
    if (!taken) return fulfil(promise, taken.error());
    exists_ = true;
    auto reader = message.reader;
    auto change = std::move(taken->change);
    auto starts = !change.events.empty();
    auto interrupts = taken->interrupts;
    commit(std::move(change), std::move(extras),
           [=, this](const result<conversation_committed>& done) mutable {
               if (!done) return fulfil(promise, done.error());
               if (const auto& earlier = done->earlier)
                   return fulfil(promise, chat_accepted{earlier->conversation_id, earlier->turn_id,
                                                        announced_, true, 0});
               fulfil(promise,
                      chat_accepted{state_.key().conversation_id, turn_id, announced_, false, 0});
               if (reader) attach(reader);
               if (starts && runs(turn_id)) start_turn();
               if (interrupts) cancel_running();
           });
}

caf::result<result<chat_accepted>> conversation_flow::on_repeat(const chat_send& message) {
    using reply = result<chat_accepted>;
    auto promise = owe<reply>(self_);
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  find_turn{state_.key().user_id, message.repeats_turn})
        .then(
            [this, promise, turn_id = message.repeats_turn,
             reader = message.reader](const result<found_turn>& found) mutable {
                if (!found) return fulfil(promise, found.error());
                fulfil(promise, chat_accepted{state_.key().conversation_id, turn_id, announced_,
                                              true, found->accepted_version - 1});
                if (reader) attach(reader);
            },
            [promise](const caf::error&) mutable { fulfil(promise, store_silent()); });
    return promise;
}

caf::result<result<void>> conversation_flow::on_cancel(const cancel_turn& what) {
    const auto& turn_id = what.turn_id;
    if (closed_to(what.delegation_id))
        return result<void>{failure{error_code::not_found, "there is no such turn"}};
    if (runs(turn_id)) {
        cancel_running();
        return result<void>{};
    }
    if (auto change = state_.cancel_queued(turn_id, now())) {
        auto promise = owe<result<void>>(self_);
        commit_conversation extras;
        extras.ended_turn = turn_id;
        commit(std::move(*change), std::move(extras), [promise](const auto& done) mutable {
            promise.deliver(done ? result<void>{} : result<void>{done.error()});
        });
        return promise;
    }
    return result<void>{failure{error_code::conflict, "the turn has ended"}};
}

result<live_text> conversation_flow::on_live_text() const {
    if (!state_.running()) return live_text{};
    return live_text{state_.running()->turn.turn_id, state_.running()->text};
}

caf::result<result<void>> conversation_flow::on_tell(tell_workflow& what) {
    if (!exists_ || deleted_) return result<void>{no_such_conversation()};
    if (!std::ranges::all_of(what.bodies, tells_of_workflow))
        return result<void>{failure{error_code::invalid_request, "is not told of a workflow"}};
    if (what.version <= what.after)
        return result<void>{failure{error_code::invalid_request, "there is nothing to tell"}};
    // Asked again, of what is on disk or about to be: the store would not take it a second time,
    // and the state would have to be given up, with the turn that runs.
    if (state_.has_told(what.stream, what.after + 1))
        return result<void>{
            commits_open_ == 0
                ? failure{error_code::conflict, "these events were told before"}
                : failure{error_code::unavailable, "these events are about to be told"}};
    auto promise = owe<result<void>>(self_);
    commit_conversation extras;
    extras.told = told_events{what.stream, what.version, what.after};
    commit(state_.tell(what.turn_id, what.stream, what.version, std::move(what.bodies), now()),
           std::move(extras), [this, promise](const auto& done) mutable {
               promise.deliver(done ? result<void>{} : result<void>{done.error()});
               if (done) rest();
           });
    return promise;
}

caf::result<result<void>> conversation_flow::on_erase() {
    if (!exists_ || deleted_) return result<void>{no_such_conversation()};
    // Readers are told how their turns ended before the conversation goes.
    cancel_running();
    while (!state_.queue().empty()) {
        commit_conversation extras;
        extras.ended_turn = state_.queue().front().turn_id;
        auto change = state_.cancel_queued(*extras.ended_turn, now());
        commit(std::move(*change), std::move(extras), [](const auto&) {});
    }
    deleted_ = true;
    auto promise = owe<result<void>>(self_);
    ++commits_open_;
    self_
        ->request(parts_->store.load(), parts_->store_timeout,
                  erase_conversation{state_.key(), now()})
        .then(
            [this, promise](const result<void>& done) mutable {
                --commits_open_;
                promise.deliver(done);
                // Whatever the outcome, what is in memory is no longer the state.
                if (!done) return give_up(done.error());
                be_gone();
            },
            [this, promise](const caf::error&) mutable {
                promise.deliver(result<void>{store_silent()});
                give_up(store_silent());
            });
    return promise;
}

void conversation_flow::be_gone() {
    deleted_ = true;
    for (const auto& reader : std::exchange(readers_, {}))
        self_->send(reader, conversation_gone{state_.key().conversation_id});
    behind_.clear();
    state_ = conversation{state_.key()};
    rest();
}

caf::result<result<conversation_pruned>> conversation_flow::on_retire(const chat_retire& what) {
    using reply = result<conversation_pruned>;
    if (!exists_ || deleted_) return reply{no_such_conversation()};
    if (state_.running() || !state_.queue().empty() || commits_open_ > 0)
        return reply{conversation_pruned{}};
    auto promise = owe<reply>(self_);
    ++commits_open_;
    // `await`: a message that comes meanwhile is taken by what it is then.
    self_
        ->request(parts_->store.load(), parts_->store_timeout,
                  prune_conversation{state_.key(), what.before, what.limit})
        .await(
            [this, promise](const reply& done) mutable {
                --commits_open_;
                promise.deliver(done);
                if (!done) return give_up(done.error());
                if (done->gone) return be_gone();
                rest();
            },
            [this, promise](const caf::error&) mutable {
                promise.deliver(reply{store_silent()});
                give_up(store_silent());
            });
    return promise;
}

// --------------------------------------------------------------------------------------- turns

bool conversation_flow::runs(const std::string& turn_id) const {
    return !deleted_ && state_.running() && state_.running()->turn.turn_id == turn_id;
}

void conversation_flow::start_turn() {
    if (deleted_ || !state_.running() || turn_) return;
    const auto& running = *state_.running();
    record_turn_begin(state_.key(), running.turn, std::exchange(taken_up_, false));
    turn_input input{state_.key(), account_,         delegation_id_, running.turn,
                     running.mode, state_.history(), running.rounds};
    turn_began_ = self_->clock().now();
    turn_ = spawn_turn(self_->system(), parts_->turns, std::move(input),
                       caf::actor_cast<conversation_actor>(self_));
    self_->monitor(turn_);
}

void conversation_flow::on_events(turn_events& what) {
    if (!runs(what.turn_id) || !turn_) return;
    if (publish(what.bodies)) announce();
}

bool conversation_flow::publish(std::vector<event_body>& bodies) {
    auto at = now();
    for (auto& body : bodies) {
        if (std::holds_alternative<text_delta>(body) &&
            state_.running()->text.size() > conversation::most_text_bytes) {
            turn_end end;
            end.reason = finish_reason::length;
            end_turn(end);
            return false;
        }
        gate_.add(state_.publish(std::move(body), at));
    }
    return true;
}

caf::result<result<void>> conversation_flow::on_planned(turn_planned& what) {
    if (!runs(what.turn_id)) return result<void>{failure{error_code::conflict, "not running"}};
    auto promise = owe<result<void>>(self_);
    commit(state_.plan(std::move(what.calls), now()), {}, [promise](const auto& done) mutable {
        promise.deliver(done ? result<void>{} : result<void>{done.error()});
    });
    return promise;
}

caf::result<result<void>> conversation_flow::on_tool_finished(turn_tool_finished& what) {
    if (!runs(what.turn_id)) return result<void>{failure{error_code::conflict, "not running"}};
    auto promise = owe<result<void>>(self_);
    commit(state_.finish_tool(what.call_id, std::move(what.outcome), now()), {},
           [promise](const auto& done) mutable {
               promise.deliver(done ? result<void>{} : result<void>{done.error()});
           });
    return promise;
}

void conversation_flow::on_finished(turn_finished& what) {
    if (!runs(what.turn_id) || !turn_ || !publish(what.bodies)) return;
    announce();
    end_turn(what.end);
}

void conversation_flow::end_turn(const turn_end& end) {
    record_turn_end(state_.key(), state_.running()->turn, end,
                    turn_ ? std::optional{self_->clock().now() - turn_began_} : std::nullopt);
    if (turn_) {
        self_->demonitor(turn_.address());
        caf::anon_send_exit(turn_, caf::exit_reason::user_shutdown);
        turn_ = nullptr;
    }
    commit_conversation extras;
    extras.ended_turn = state_.running()->turn.turn_id;
    extras.ended_with_tools = !state_.running()->rounds.empty();
    commit(state_.finish(end, now()), std::move(extras), [this](const auto& done) {
        if (done) next_turn();
    });
}

void conversation_flow::cancel_running() {
    if (!state_.running()) return;
    turn_end end;
    end.outcome = turn_end::status::cancelled;
    end.reason = finish_reason::cancelled;
    end_turn(end);
}

void conversation_flow::next_turn() {
    if (deleted_) return;
    if (auto change = state_.start_next(now()))
        return commit(std::move(*change), {}, [this](const auto& done) {
            if (done) start_turn();
        });
    rest();
}

void conversation_flow::on_tick() {
    if (!turn_ || self_->clock().now() < turn_began_ + parts_->turn_deadline) return;
    turn_end end;
    end.outcome = turn_end::status::failed;
    end.failure = {error_code::upstream_timeout, "the turn took too long", true};
    end_turn(end);
}

void conversation_flow::on_down(const caf::down_msg& message) {
    if (turn_ && message.source == turn_.address()) {
        turn_end end;
        end.outcome = turn_end::status::failed;
        end.failure = {error_code::internal, "the turn failed", true};
        return end_turn(end);
    }
    std::erase_if(readers_, [&](const auto& one) { return one.address() == message.source; });
}

// --------------------------------------------------------------------------------------- store

void conversation_flow::commit(conversation_change change, commit_conversation extras,
                               commit_done then) {
    auto ticket = ++tickets_;
    ++commits_open_;
    for (auto& one : change.events) gate_.add(std::move(one), ticket);
    extras.key = state_.key();
    extras.expected_version = change.expected_version;
    extras.records = std::move(change.records);
    extras.at = now();
    extras.last_seq = state_.last_seq();
    self_->request(parts_->store.load(), parts_->store_timeout, std::move(extras))
        .then(
            [this, ticket, then](const result<conversation_committed>& done) {
                --commits_open_;
                auto written = done && !done->earlier;
                if (written) gate_.committed(ticket);
                then(done);
                if (!done) return give_up(done.error());
                if (!written)
                    return give_up({error_code::conflict, "the request was accepted before"});
                announce();
                read_on();
            },
            [this, then](const caf::error&) {
                --commits_open_;
                then(result<conversation_committed>{store_silent()});
                give_up(store_silent());
            });
}

void conversation_flow::give_up(const failure& why) {
    // The state in memory has gone on past what is on disk: a new actor begins from the journal.
    if (turn_) caf::anon_send_exit(turn_, caf::exit_reason::user_shutdown);
    log(log_level::warning, "conversation.gave_up", "a conversation begins anew from the journal",
        {{"conversationId", state_.key().conversation_id},
         {"userId", state_.key().user_id},
         {"code", to_string(why.code)},
         {"detail", why.detail}});
    self_->quit(caf::make_error(caf::sec::runtime_error, to_string(why.code)));
}

void conversation_flow::handled() {
    ++handled_;
    rest();
}

void conversation_flow::rest() {
    if (!state_.idle() || commits_open_ != 0 || guests_waiting_ != 0) return;
    self_->send(parent_, conversation_rests{state_.key(), handled_, !exists_ || deleted_});
}

}  // namespace perin::actors
