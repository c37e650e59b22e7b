#include "actors/accounts/accounts.hpp"

#include "actors/fulfil.hpp"
#include "domain/account_rules.hpp"
#include "persistence/credentials.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unordered_map>

namespace perin::actors {

using namespace runtime;

namespace {

/// Such tokens are told from others at a glance, and found by secret scanners.
constexpr auto session_prefix = "prs_";
constexpr auto api_prefix = "prn_";

failure silent() { return {error_code::unavailable, "the store does not answer"}; }
failure wrong_credentials() { return {error_code::unauthenticated, "e-mail or password is wrong"}; }

class accounts {
  public:
    static constexpr const char* name = "accounts";
    using pointer = accounts_actor::stateful_pointer<accounts>;

    void begin(pointer self, accounts_parts parts) {
        self_ = self;
        parts_ = std::move(parts);
    }

    caf::result<result<token_owner>> on_authenticate(const authenticate& what) {
        using reply = result<token_owner>;
        auto hash = persistence::token_hash(what.token);
        if (auto known = remembered_.find(hash); known != remembered_.end()) {
            if (known->second.until > now()) return check(known->second.owner);
            remembered_.erase(known);
        }
        auto promise = owe<reply>(self_);
        self_->request(parts_.reader.load(), parts_.timeout, find_token_owner{hash})
            .then(
                [this, promise, hash, at = forgotten_](const reply& found) mutable {
                    if (!found) return fulfil(promise, found.error());
                    auto checked = check(*found);
                    // It may have been read before what was forgotten meanwhile was ended.
                    if (checked && at == forgotten_) remember(hash, *found);
                    promise.deliver(std::move(checked));
                },
                [promise](const caf::error&) mutable { fulfil(promise, silent()); });
        return promise;
    }

    caf::result<result<logged_in>> on_log_in(const log_in& what) {
        using reply = result<logged_in>;
        auto promise = owe<reply>(self_);
        self_->request(parts_.reader.load(), parts_.timeout, find_credentials{what.email})
            .then(
                [this, promise,
                 password = what.password](const result<credentials>& found) mutable {
                    if (!found && found.error().code != error_code::not_found)
                        return fulfil(promise, found.error());
                    // An unknown user costs the same work as a wrong password.
                    auto hash = found ? found->password_hash : persistence::dummy_password_hash();
                    auto account = found ? std::optional{found->account} : std::nullopt;
                    self_
                        ->request(parts_.passwords.load(), parts_.timeout,
                                  verify_password{hash, std::move(password)})
                        .then(
                            [this, promise, account](bool right) mutable {
                                if (!right || !account) return fulfil(promise, wrong_credentials());
                                make_session(*account, promise);
                            },
                            [promise](const caf::error&) mutable { fulfil(promise, silent()); });
                },
                [promise](const caf::error&) mutable { fulfil(promise, silent()); });
        return promise;
    }

    caf::result<result<logged_in>> on_login_link(const follow_login_link& what) {
        auto promise = owe<result<logged_in>>(self_);
        commit(redeem_login{persistence::token_hash(what.token), now()},
               [this, promise](const result<account_committed>& done) mutable {
                   if (!done) return fulfil(promise, done.error());
                   make_session(done->account.value_or(user{}), promise);
               });
        return promise;
    }

    caf::result<result<logged_in>> on_open_session(const open_session& what) {
        auto promise = owe<result<logged_in>>(self_);
        self_->request(parts_.reader.load(), parts_.timeout, find_user{what.email})
            .then(
                [this, promise](const result<user>& found) mutable {
                    if (!found) return fulfil(promise, found.error());
                    make_session(*found, promise);
                },
                [promise](const caf::error&) mutable { fulfil(promise, silent()); });
        return promise;
    }

    caf::result<result<void>> on_end_token(const end_token& what) {
        forget([&](const token_owner& one) { return one.token.id == what.id; });
        auto promise = owe<result<void>>(self_);
        commit(revoke_token{what.id}, [promise](const result<account_committed>& done) mutable {
            promise.deliver(done ? result<void>{} : result<void>{done.error()});
        });
        return promise;
    }

    caf::result<result<user>> on_add_user(const add_user& what) {
        auto promise = owe<result<user>>(self_);
        if (auto good = check_password(what.password); !good) {
            fulfil(promise, good.error());
            return promise;
        }
        user account{make_id("usr_", now(), parts_.entropy->for_id()), what.email, what.name,
                     what.timezone.empty() ? "UTC" : what.timezone,    what.admin, now()};
        with_hash(what.password, promise, [this, promise, account](const std::string& hash) {
            answer_with_user(create_user{account, hash}, promise);
        });
        return promise;
    }

    caf::result<result<user>> on_set_password(const set_password& what) {
        auto promise = owe<result<user>>(self_);
        if (auto good = check_password(what.password); !good) {
            fulfil(promise, good.error());
            return promise;
        }
        with_hash(what.password, promise,
                  [this, promise, email = what.email](const std::string& hash) {
                      answer_with_user(change_password{email, hash}, promise);
                  });
        return promise;
    }

    caf::result<result<user>> on_drop_user(const drop_user& what) {
        auto promise = owe<result<user>>(self_);
        commit(remove_user{what.email},
               [this, promise](const result<account_committed>& done) mutable {
                   if (!done) return fulfil(promise, done.error());
                   auto account = done->account.value_or(user{});
                   forget([&](const token_owner& one) { return one.account.id == account.id; });
                   forget_user gone{account.id};
                   tell(parts_.conversations, gone);
                   tell(parts_.memory, gone);
                   tell(parts_.calendars, gone);
                   fulfil(promise, std::move(account));
               });
        return promise;
    }

    caf::result<result<logged_in>> on_add_token(const add_token& what) {
        auto promise = owe<result<logged_in>>(self_);
        self_->request(parts_.reader.load(), parts_.timeout, find_user{what.email})
            .then(
                [this, promise, what](const result<user>& found) mutable {
                    if (!found) return fulfil(promise, found.error());
                    keep_token(*found, token_kind::api, what.label, what.expires_at, promise);
                },
                [promise](const caf::error&) mutable { fulfil(promise, silent()); });
        return promise;
    }

    template <class Message>
    auto ask_reader(const Message& what) {
        return self_->delegate(parts_.reader.load(), what);
    }

  private:
    struct remembered {
        token_owner owner;
        timestamp until;
    };

    [[nodiscard]] timestamp now() const { return parts_.clock->now(); }

    /// Looks at the token's end and notes its use.
    result<token_owner> check(token_owner& owner) {
        auto at = now();
        auto& token = owner.token;
        if (token.kind == token_kind::login || (token.expires_at && *token.expires_at <= at))
            return failure{error_code::unauthenticated, "the token is not valid"};
        if (!token.last_used_at || *token.last_used_at + parts_.touch_every <= at) {
            token.last_used_at = at;
            if (token.kind == token_kind::session) token.expires_at = at + parts_.session_life;
            commit(touch_token{token.id, at, token.expires_at}, [](const auto&) {});
        }
        return owner;
    }
    result<token_owner> check(const token_owner& found) {
        auto owner = found;
        return check(owner);
    }

    void remember(const std::string& hash, const token_owner& owner) {
        if (remembered_.size() >= parts_.most_remembered) remembered_.clear();
        remembered_[hash] = {owner, now() + parts_.remember_for};
    }

    template <class Handle>
    void tell(const actor_slot<Handle>& whom, const forget_user& what) {
        if (auto stands = whom.load()) self_->send(stands, what);
    }

    template <class Predicate>
    void forget(Predicate matches) {
        ++forgotten_;
        std::erase_if(remembered_, [&](const auto& one) { return matches(one.second.owner); });
    }

    void commit(account_change change, std::function<void(const result<account_committed>&)> then) {
        self_->request(parts_.store.load(), parts_.timeout, commit_account{std::move(change)})
            .then(then, [then](const caf::error&) { then(result<account_committed>{silent()}); });
    }

    void make_session(const user& account, runtime::owed_reply<result<logged_in>> promise) {
        keep_token(account, token_kind::session, "", now() + parts_.session_life, promise);
    }

    void keep_token(const user& account, token_kind kind, const std::string& label,
                    std::optional<timestamp> expires_at,
                    runtime::owed_reply<result<logged_in>> promise) {
        auto at = now();
        logged_in made{
            persistence::new_token(kind == token_kind::session ? session_prefix : api_prefix),
            {make_id(kind == token_kind::session ? "ses_" : "tok_", at, parts_.entropy->for_id()),
             account.id, kind, label, at, expires_at, std::nullopt},
            account};
        commit(create_token{made.about, persistence::token_hash(made.token)},
               [promise, made](const result<account_committed>& done) mutable {
                   if (!done) return fulfil(promise, done.error());
                   fulfil(promise, std::move(made));
               });
    }

    template <class Promise, class Then>
    void with_hash(const std::string& password, Promise promise, Then then) {
        self_->request(parts_.passwords.load(), parts_.timeout, runtime::hash_password{password})
            .then([then](const std::string& hash) { then(hash); },
                  [promise](const caf::error&) mutable { fulfil(promise, silent()); });
    }

    void answer_with_user(account_change change, runtime::owed_reply<result<user>> promise) {
        commit(std::move(change), [this, promise](const result<account_committed>& done) mutable {
            if (!done) return fulfil(promise, done.error());
            auto account = done->account.value_or(user{});
            forget([&](const token_owner& one) { return one.account.id == account.id; });
            fulfil(promise, std::move(account));
        });
    }

    pointer self_ = nullptr;
    accounts_parts parts_;
    std::unordered_map<std::string, remembered> remembered_;
    /// How often tokens were forgotten because they ended.
    std::uint64_t forgotten_ = 0;
};

accounts_actor::behavior_type accounts_behavior(accounts::pointer self, accounts_parts parts) {
    prepare(self);
    auto& state = self->state;
    state.begin(self, std::move(parts));
    return {
        [&state](const authenticate& what) { return state.on_authenticate(what); },
        [&state](const log_in& what) { return state.on_log_in(what); },
        [&state](const follow_login_link& what) { return state.on_login_link(what); },
        [&state](const open_session& what) { return state.on_open_session(what); },
        [&state](const end_token& what) { return state.on_end_token(what); },
        [&state](const add_user& what) { return state.on_add_user(what); },
        [&state](const set_password& what) { return state.on_set_password(what); },
        [&state](const drop_user& what) { return state.on_drop_user(what); },
        [&state](const add_token& what) { return state.on_add_token(what); },
        [&state](const list_users& what) { return state.ask_reader(what); },
        [&state](const list_tokens& what) { return state.ask_reader(what); },
    };
}

struct password_state {
    static constexpr const char* name = "passwords";
};

password_actor::behavior_type passwords(password_actor::stateful_pointer<password_state> self,
                                        int) {
    prepare(self);
    return {
        [](const runtime::hash_password& what) {
            return persistence::hash_password(what.password);
        },
        [](const runtime::verify_password& what) {
            return persistence::verify_password(what.hash, what.password);
        },
    };
}

}  // namespace

accounts_actor spawn_accounts(caf::actor_system& system, accounts_parts parts) {
    return system.spawn(accounts_behavior, std::move(parts));
}

password_actor spawn_passwords(caf::actor_system& system, bool detached) {
    return detached ? system.spawn<caf::detached>(passwords, 0) : system.spawn(passwords, 0);
}

}  // namespace perin::actors
