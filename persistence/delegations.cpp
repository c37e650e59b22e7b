#include "persistence/delegations.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/time_list.hpp"

namespace perin::persistence {

namespace {

delegation_row delegation_of(row& from) {
    return {.id = from.take_text(0),
            .user_id = from.take_text(1),
            .title = from.take_text(2),
            .rules = from.take_text(3),
            .approval = from.integer(4) != 0,
            .uses = number_column(from, 5),
            .most_uses = number_column(from, 6),
            .turns = number_column(from, 7),
            .most_turns = number_column(from, 8),
            .tokens = number_column(from, 9),
            .most_tokens = number_column(from, 10),
            .expires_at = time_column(from, 11),
            .revoked_at = optional_time_column(from, 12),
            .created_at = time_column(from, 13),
            .updated_at = time_column(from, 14)};
}

/// What `delegation_of` reads.
std::string selected(const std::string& rest) {
    return "SELECT id, user_id, title, rules, approval, uses, most_uses, turns, most_turns, "
           "tokens, most_tokens, expires_at, revoked_at, created_at, updated_at "
           "FROM delegations WHERE " +
           rest;
}

}  // namespace

result<void> delegation_repository::create(const delegation_row& fresh,
                                           const std::string& token_hash) {
    return done(on_.execute(
        "INSERT INTO delegations (id, user_id, token_hash, title, rules, approval, uses, "
        "most_uses, turns, most_turns, tokens, most_tokens, expires_at, revoked_at, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "$16)",
        {fresh.id, fresh.user_id, token_hash, fresh.title, fresh.rules, column(fresh.approval),
         column(fresh.uses), column(fresh.most_uses), column(fresh.turns), column(fresh.most_turns),
         column(fresh.tokens), column(fresh.most_tokens), column(fresh.expires_at),
         column(fresh.revoked_at), column(fresh.created_at), column(fresh.updated_at)}));
}

result<std::optional<delegation_row>> delegation_repository::find(const std::string& user_id,
                                                                  const std::string& id) {
    return decode_first<delegation_row>(
        on_.execute(selected("user_id = $1 AND id = $2"), {user_id, id}), delegation_of);
}

result<std::optional<delegation_row>> delegation_repository::find_any(const std::string& id) {
    return decode_first<delegation_row>(on_.execute(selected("id = $1"), {id}), delegation_of);
}

result<std::optional<delegation_row>> delegation_repository::find_by_token(
    const std::string& token_hash) {
    return decode_first<delegation_row>(on_.execute(selected("token_hash = $1"), {token_hash}),
                                        delegation_of);
}

result<page<delegation_row>> delegation_repository::list(const std::string& user_id,
                                                         std::size_t limit,
                                                         const std::optional<std::string>& cursor) {
    const auto from = begin_page(limit, cursor);
    if (!from) return from.error();
    return end_page(*from, decode_all<delegation_row>(
                               on_.execute(selected("user_id = $1 AND (created_at, id) < ($2, $3) "
                                                    "ORDER BY created_at DESC, id DESC LIMIT $4"),
                                           {user_id, column(from->after.created_at), from->after.id,
                                            column(from->wanted + 1)}),
                               delegation_of));
}

result<void> delegation_repository::revoke(const std::string& user_id, const std::string& id,
                                           timestamp now) {
    return done_or(on_,
                   on_.execute("UPDATE delegations SET revoked_at = COALESCE(revoked_at, $3), "
                               "updated_at = $3 WHERE user_id = $1 AND id = $2",
                               {user_id, id, column(now)}),
                   {error_code::not_found, "there is no such link"});
}

result<void> delegation_repository::take_turn(const std::string& id, std::uint64_t tokens,
                                              timestamp now) {
    return done_or(
        on_,
        on_.execute("UPDATE delegations SET turns = turns + 1, tokens = tokens + $3 WHERE id = $1 "
                    "AND turns < most_turns AND tokens < most_tokens "
                    "AND revoked_at IS NULL AND expires_at > $2",
                    {id, column(now), column(tokens)}),
        {error_code::gone, "the link has ended, or has no turns or tokens left"});
}

result<void> delegation_repository::spend_tokens(const std::string& id, std::uint64_t tokens) {
    return done_or(on_,
                   on_.execute("UPDATE delegations SET tokens = tokens + $2 WHERE id = $1",
                               {id, column(tokens)}),
                   {error_code::not_found, "there is no such link"});
}

}  // namespace perin::persistence
