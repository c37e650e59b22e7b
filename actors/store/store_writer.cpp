#include "actors/store/store_writer.hpp"

#include "persistence/accounts.hpp"
#include "persistence/conversations.hpp"
#include "persistence/delegations.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/journal.hpp"
#include "persistence/memory.hpp"
#include "persistence/retention.hpp"
#include "persistence/streams.hpp"
#include "persistence/timers.hpp"
#include "persistence/tool_effects.hpp"

#include <chrono>

namespace perin::actors {

using namespace runtime;

namespace {

template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

failure no_such_user() { return {error_code::not_found, "there is no such user"}; }

}  // namespace

result<void> store_writer::require_user(const std::string& user_id) {
    auto found = persistence::account_repository(db_).find(user_id);
    if (!found) return found.error();
    if (!*found) return no_such_user();
    return {};
}

result<std::optional<conversation_committed::earlier_turn>> store_writer::claim(
    const commit_conversation& what) {
    persistence::idempotency_repository claims(db_);
    auto found = claims.find(what.key.user_id, what.claim->key);
    if (!found) return found.error();
    if (*found && (*found)->at + claim_life <= what.at) {
        if (auto removed = claims.remove_before(what.at - claim_life); !removed)
            return removed.error();
        found->reset();
    }
    if (*found) {
        if ((*found)->fingerprint != what.claim->fingerprint)
            return failure{error_code::conflict,
                           "the idempotency key was used for another request"};
        return std::optional{
            conversation_committed::earlier_turn{(*found)->conversation_id, (*found)->turn_id}};
    }
    auto inserted = claims.insert({what.key.user_id, what.claim->key, what.claim->fingerprint,
                                   what.key.conversation_id, what.claim->turn_id, what.at});
    if (!inserted) return inserted.error();
    return std::optional<conversation_committed::earlier_turn>{};
}

result<conversation_committed> store_writer::apply(const commit_conversation& what) {
    if (what.claim) {
        auto earlier = claim(what);
        if (!earlier) return earlier.error();
        if (*earlier) return conversation_committed{**earlier};
    }
    if (what.guest_turn_tokens) {
        auto taken = persistence::delegation_repository(db_).take_turn(
            what.delegation_id, *what.guest_turn_tokens, what.at);
        if (!taken) return taken.error();
    }
    persistence::conversation_repository conversations(db_);
    const auto& [user_id, conversation_id] = what.key;
    if (what.begins) {
        if (auto there = require_user(user_id); !there) return there.error();
        auto begun =
            conversations.begin({user_id,
                                 {conversation_id, *what.begins, what.at, what.at, what.last_seq},
                                 false,
                                 what.delegation_id});
        if (!begun) return begun.error();
    }
    persistence::journal_repository journal(db_);
    if (auto done = journal.append(stream_of(what.key), what.expected_version, what.records); !done)
        return done.error();
    if (!what.begins)
        if (auto done = conversations.touch(user_id, conversation_id, what.at, what.last_seq);
            !done)
            return done.error();
    if (what.accepted) {
        auto done = conversations.insert_turn(
            {what.accepted->turn_id, user_id, conversation_id, what.accepted->accepted_version,
             std::nullopt, what.accepted->user_message_id, what.accepted->assistant_message_id});
        if (!done) return done.error();
    }
    if (what.ended_turn) {
        auto version = what.expected_version + what.records.size();
        if (auto done = conversations.end_turn(*what.ended_turn, version); !done)
            return done.error();
        if (what.ended_with_tools) {
            persistence::tool_effect_repository effects(db_);
            if (auto done = effects.remove_of_turn(*what.ended_turn); !done) return done.error();
        }
    }
    if (what.follows) {
        auto due = persistence::timer_repository(db_).remove_of(*what.follows);
        if (!due) return due.error();
        if (*due == 0)
            return failure{error_code::conflict, "the decision has been carried out already"};
    }
    if (what.told) {
        auto done = persistence::stream_repository(db_).tell(what.told->stream, what.told->after,
                                                             what.told->version);
        if (!done) return done.error();
    }
    return conversation_committed{};
}

result<void> store_writer::apply(const erase_conversation& what) {
    persistence::conversation_repository conversations(db_);
    const auto& [user_id, conversation_id] = what.key;
    auto found = conversations.find(user_id, conversation_id);
    if (!found) return found.error();
    if (!*found || (*found)->deleted)
        return failure{error_code::not_found, "there is no such conversation"};
    // The row first: whoever appends at the same moment, on another node, waits for it.
    if (auto done = conversations.remove(user_id, conversation_id, what.at); !done) return done;
    if (auto done = persistence::journal_repository(db_).remove(stream_of(what.key)); !done)
        return done;
    return conversations.forget_turns(user_id, conversation_id);
}

result<pruned_batch> store_writer::apply(const prune_rows& what) {
    return persistence::retention_repository(db_).prune(what.what, what.before, what.limit,
                                                        what.after);
}

result<conversation_pruned> store_writer::apply(const prune_conversation& what) {
    auto done = persistence::retention_repository(db_).prune_conversation(
        what.key.user_id, what.key.conversation_id, what.before, what.limit);
    if (!done) return done.error();
    return conversation_pruned{done->gone, done->whole, done->records};
}

result<memory_committed> store_writer::apply(const commit_memory& what) {
    if (!what.once) return change_memory(what);
    persistence::tool_effect_repository effects(db_);
    const auto& [turn_id, call_id] = *what.once;
    auto earlier = effects.find(turn_id, call_id);
    if (!earlier) return earlier.error();
    if (*earlier) {
        auto stored = nlohmann::json::parse(**earlier, nullptr, false);
        if (!stored.is_object())
            return failure{error_code::internal, "the result of an earlier call cannot be read"};
        return memory_committed{stored.value("created", false),
                                stored.value("removed", std::size_t{0}), true};
    }
    auto done = change_memory(what);
    if (!done) return done;
    auto stored = nlohmann::json{{"created", done->created}, {"removed", done->removed}}.dump();
    if (auto kept = effects.insert(turn_id, call_id, stored, what.at); !kept) return kept.error();
    return done;
}

result<memory_committed> store_writer::change_memory(const commit_memory& what) {
    persistence::memory_repository memory(db_);
    memory_committed out;
    if (const auto* put = std::get_if<put_memory>(&what.change)) {
        if (auto there = require_user(what.user_id); !there) return there.error();
        if (!put->evicted.empty())
            if (auto removed = memory.remove(what.user_id, put->evicted); !removed)
                return removed.error();
        auto created = memory.put(what.user_id, put->entry);
        if (!created) return created.error();
        out.created = *created;
    } else if (const auto* remove = std::get_if<remove_memory>(&what.change)) {
        auto removed = memory.remove(what.user_id, remove->keys);
        if (!removed) return removed.error();
        out.removed = *removed;
    } else if (std::holds_alternative<clear_memory>(what.change)) {
        auto removed = memory.clear(what.user_id);
        if (!removed) return removed.error();
        out.removed = *removed;
    } else {
        for (const auto& [key, uses] : std::get<count_memory_uses>(what.change).uses)
            if (auto done = memory.add_uses(what.user_id, key, uses); !done) return done.error();
    }
    return out;
}

result<account_committed> store_writer::apply(const commit_account& what) {
    persistence::account_repository accounts(db_);
    auto answer = [](const result<void>& done) -> result<account_committed> {
        if (!done) return done.error();
        return account_committed{};
    };
    auto user_of = [&](const std::string& email) -> result<user> {
        auto found = accounts.find_by_email(email);
        if (!found) return found.error();
        if (!*found) return no_such_user();
        return **found;
    };
    return std::visit(
        overloaded{
            [&](const create_user& one) -> result<account_committed> {
                if (auto done = accounts.create(one.account, one.password_hash); !done)
                    return done.error().code == error_code::conflict
                               ? failure{error_code::conflict, "a user of that e-mail exists"}
                               : done.error();
                return account_committed{one.account};
            },
            [&](const change_password& one) -> result<account_committed> {
                auto account = user_of(one.email);
                if (!account) return account.error();
                if (auto done = accounts.set_password(account->id, one.password_hash); !done)
                    return done.error();
                return account_committed{*account};
            },
            [&](const remove_user& one) -> result<account_committed> {
                auto account = user_of(one.email);
                if (!account) return account.error();
                if (auto done = accounts.remove(account->id); !done) return done.error();
                return account_committed{*account};
            },
            [&](const create_token& one) {
                return answer(accounts.create_token(one.token, one.hash));
            },
            [&](const revoke_token& one) -> result<account_committed> {
                auto revoked = accounts.revoke_token(one.id);
                if (!revoked) return revoked.error();
                if (!*revoked) return failure{error_code::not_found, "there is no such token"};
                return account_committed{};
            },
            [&](const touch_token& one) {
                return answer(accounts.touch_token(one.id, one.last_used_at, one.expires_at));
            },
            [&](const redeem_login& one) -> result<account_committed> {
                auto owner = accounts.find_token(one.hash);
                if (!owner) return owner.error();
                if (!*owner || (*owner)->token.kind != token_kind::login)
                    return failure{error_code::unauthenticated, "the login link is not known"};
                auto revoked = accounts.revoke_token((*owner)->token.id);
                if (!revoked) return revoked.error();
                // Another node was quicker.
                if (!*revoked)
                    return failure{error_code::unauthenticated, "the login link is not known"};
                if ((*owner)->token.expires_at && *(*owner)->token.expires_at <= one.at)
                    return failure{error_code::gone, "the login link has expired"};
                return account_committed{(*owner)->account};
            },
        },
        what.change);
}

}  // namespace perin::actors
