#include "actors/store/store_reader.hpp"

#include "persistence/accounts.hpp"
#include "persistence/conversations.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/journal.hpp"
#include "persistence/memory.hpp"
#include "persistence/retention.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace perin::actors {

using namespace runtime;
using persistence::account_repository;
using persistence::conversation_repository;
using persistence::journal_repository;

namespace {

/// Records that a conversation takes up when it is loaded: enough history for a model's window.
constexpr std::size_t tail_records = 200;
constexpr auto no_bound = std::numeric_limits<std::int64_t>::max();

failure no_such(const char* what) {
    return {error_code::not_found, std::string("there is no such ") + what};
}

}  // namespace

result<loaded_conversation> store_reader::read(const load_conversation& what) {
    conversation_repository conversations(db_);
    journal_repository journal(db_);
    const auto& [user_id, conversation_id] = what.key;
    auto row = conversations.find(user_id, conversation_id);
    if (!row) return row.error();
    loaded_conversation out;
    if (!*row) return out;
    out.exists = true;
    out.deleted = (*row)->deleted;
    out.summary = (*row)->summary;
    out.delegation_id = (*row)->delegation_id;
    if (out.deleted) return out;
    auto owner = account_repository(db_).find(user_id);
    if (!owner) return owner.error();
    if (*owner) out.owner = **owner;
    auto turns = conversations.turns_before(user_id, conversation_id, no_bound,
                                            conversation::most_queued + 2);
    if (!turns) return turns.error();
    std::uint64_t needed = no_bound;
    for (const auto& turn : *turns)
        if (!turn.ended_version) needed = std::min(needed, turn.accepted_version);
    auto stream = stream_of(what.key);
    std::uint64_t before = no_bound;
    for (;;) {
        auto page = journal.read_back(stream, before, tail_records);
        if (!page) return page.error();
        out.tail.insert(out.tail.end(), std::make_move_iterator(page->begin()),
                        std::make_move_iterator(page->end()));
        if (page->size() < tail_records) break;
        before = out.tail.back().version;
        if (before <= needed || needed == static_cast<std::uint64_t>(no_bound)) break;
    }
    std::reverse(out.tail.begin(), out.tail.end());
    return out;
}

result<std::uint64_t> store_reader::version_before(const std::string& stream, std::uint64_t seq) {
    if (seq == 0) return std::uint64_t{0};
    journal_repository journal(db_);
    std::uint64_t before = no_bound;
    for (;;) {
        auto page = journal.read_back(stream, before, 64);
        if (!page) return page.error();
        for (const auto& record : *page) {
            auto highest = highest_seq(record);
            if (highest != 0 && highest <= seq) return record.version;
        }
        if (page->size() < 64) return std::uint64_t{0};
        before = page->back().version;
    }
}

result<std::vector<journal_record>> store_reader::read(const read_records& what) {
    auto stream = stream_of(what.key);
    auto from = what.after_version;
    if (from == 0) {
        auto found = version_before(stream, what.after_seq);
        if (!found) return found.error();
        from = *found;
    }
    return journal_repository(db_).read(stream, from, what.limit);
}

result<conversation_page> store_reader::read(const list_conversations& what) {
    auto page = conversation_repository(db_).list(what.user_id, what.limit, what.cursor);
    if (!page) return page.error();
    return conversation_page{std::move(page->items), std::move(page->next_cursor)};
}

result<message_page> store_reader::read(const read_messages& what) {
    conversation_repository conversations(db_);
    const auto& [user_id, conversation_id] = what.key;
    auto row = conversations.find(user_id, conversation_id);
    if (!row) return row.error();
    if (!*row || (*row)->deleted) return no_such("conversation");
    message_page out{(*row)->summary, {}};
    std::uint64_t bound = no_bound;
    if (what.before) {
        auto owner = what.before->substr(0, 4 + 36);
        auto turn = conversations.turn_of_message(user_id, conversation_id, owner);
        if (!turn) return turn.error();
        if (!*turn)
            return failure{
                error_code::invalid_request, "is not a message of this conversation", {}, "before"};
        bound = (*turn)->accepted_version + 1;
    }
    auto turns = conversations.turns_before(user_id, conversation_id, bound, what.limit / 2 + 2);
    if (!turns) return turns.error();
    if (turns->empty()) return out;
    std::set<std::string> wanted;
    std::uint64_t last = 0;
    for (const auto& turn : *turns) {
        wanted.insert(turn.turn_id);
        last = std::max({last, turn.accepted_version, turn.ended_version.value_or(0)});
    }
    auto first = turns->back().accepted_version;
    auto records = journal_repository(db_).read(stream_of(what.key), first - 1, last - first + 1);
    if (!records) return records.error();
    auto messages = messages_of(*records);
    std::erase_if(messages, [&](const auto& one) {
        return !one.turn_id.empty() && !wanted.contains(one.turn_id);
    });
    if (what.before) {
        auto cut = std::find_if(messages.begin(), messages.end(),
                                [&](const auto& one) { return one.id == *what.before; });
        messages.erase(cut, messages.end());
    }
    auto extra = messages.size() > what.limit ? messages.size() - what.limit : 0;
    out.messages.assign(
        std::make_move_iterator(messages.begin() + static_cast<std::ptrdiff_t>(extra)),
        std::make_move_iterator(messages.end()));
    return out;
}

result<found_turn> store_reader::read(const find_turn& what) {
    auto turn = conversation_repository(db_).find_turn(what.turn_id);
    if (!turn) return turn.error();
    if (!*turn || (*turn)->user_id != what.user_id) return no_such("turn");
    return found_turn{{(*turn)->user_id, (*turn)->conversation_id},
                      (*turn)->ended_version.has_value(),
                      (*turn)->accepted_version};
}

result<std::optional<found_claim>> store_reader::read(const find_claim& what) {
    auto row = persistence::idempotency_repository(db_).find(what.user_id, what.key);
    if (!row) return row.error();
    if (!*row || (*row)->at + claim_life <= what.at) return std::optional<found_claim>{};
    return std::optional{
        found_claim{(*row)->fingerprint, (*row)->conversation_id, (*row)->turn_id}};
}

result<unfinished_turns> store_reader::read(const list_unfinished& what) {
    auto rows = conversation_repository(db_).unfinished(what.limit, what.after_turn_id);
    if (!rows) return rows.error();
    unfinished_turns out;
    for (auto& row : *rows) out.items.push_back({row.turn_id, {row.user_id, row.conversation_id}});
    return out;
}

result<std::vector<memory_entry>> store_reader::read(const load_memory& what) {
    return persistence::memory_repository(db_).load(what.user_id);
}

result<token_owner> store_reader::read(const find_token_owner& what) {
    auto owner = account_repository(db_).find_token(what.hash);
    if (!owner) return owner.error();
    if (!*owner) return failure{error_code::unauthenticated, "the token is not valid"};
    return token_owner{(*owner)->token, (*owner)->account};
}

result<credentials> store_reader::read(const find_credentials& what) {
    auto found = account_repository(db_).credentials_of(what.email);
    if (!found) return found.error();
    if (!*found) return no_such("user");
    return credentials{(*found)->account, (*found)->password_hash};
}

result<user> store_reader::read(const find_user& what) {
    account_repository accounts(db_);
    if (what.email.empty()) {
        auto all = accounts.list();
        if (!all) return all.error();
        if (all->size() == 1) return all->front();
        if (all->empty()) return no_such("user");
        return failure{error_code::conflict, "there are several users: say which by e-mail"};
    }
    auto found = accounts.find_by_email(what.email);
    if (!found) return found.error();
    if (!*found) return no_such("user");
    return **found;
}

result<std::vector<user>> store_reader::read(const list_users&) {
    return account_repository(db_).list();
}

result<std::vector<access_token>> store_reader::read(const list_tokens& what) {
    auto owner = read(find_user{what.email});
    if (!owner) return owner.error();
    return account_repository(db_).tokens_of(owner->id);
}

result<idle_conversations> store_reader::read(const list_idle_conversations& what) {
    auto page = persistence::retention_repository(db_).idle_conversations(what.before, what.limit,
                                                                          what.after);
    if (!page) return page.error();
    idle_conversations out;
    for (auto& one : page->items)
        out.items.push_back({{std::move(one.user_id), std::move(one.id)}, one.removed});
    out.next = std::move(page->next);
    return out;
}

}  // namespace perin::actors
