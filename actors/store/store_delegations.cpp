#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "domain/json.hpp"
#include "persistence/accounts.hpp"
#include "persistence/bookings.hpp"
#include "persistence/conversations.hpp"
#include "persistence/credentials.hpp"
#include "persistence/delegations.hpp"
#include "persistence/guest_sessions.hpp"

#include <variant>

namespace perin::actors {

using namespace runtime;
using persistence::delegation_repository;
using persistence::delegation_row;
using persistence::guest_session_repository;

namespace {

/// Browsers that a link is open in; whoever opens it once more closes the oldest.
constexpr std::size_t most_sessions = 1'000;

failure no_such(const char* what) {
    return {error_code::not_found, std::string("there is no such ") + what};
}

delegation_row row_of(const delegation& link) {
    return {.id = link.id,
            .user_id = link.user_id,
            .title = link.title,
            .rules = to_json(link.rules).dump(),
            .approval = link.approval,
            .uses = link.uses,
            .most_uses = link.most_uses,
            .turns = link.turns,
            .most_turns = link.most_turns,
            .tokens = link.tokens,
            .most_tokens = link.most_tokens,
            .expires_at = link.expires_at,
            .revoked_at = link.revoked_at,
            .created_at = link.created_at,
            .updated_at = link.created_at};
}

result<delegation> link_of(delegation_row row) {
    const auto written = parse_json(row.rules);
    // What was written names its zone and days: the defaults are of no use.
    auto rules = written ? link_rules_of(*written, "UTC", date::local_days{})
                         : result<link_rules>{written.error()};
    if (!rules) return failure{error_code::internal, "the rules of a link cannot be read"};
    delegation out;
    out.id = std::move(row.id);
    out.user_id = std::move(row.user_id);
    out.title = std::move(row.title);
    out.rules = std::move(*rules);
    out.approval = row.approval;
    out.expires_at = row.expires_at;
    out.uses = row.uses;
    out.most_uses = row.most_uses;
    out.turns = row.turns;
    out.most_turns = row.most_turns;
    out.tokens = row.tokens;
    out.most_tokens = row.most_tokens;
    out.revoked_at = row.revoked_at;
    out.created_at = row.created_at;
    return out;
}

/// With its owner and its bookings.
result<found_delegation> whole(persistence::database& db, delegation_row row) {
    found_delegation out;
    auto link = link_of(std::move(row));
    if (!link) return link.error();
    out.link = std::move(*link);
    auto owner = persistence::account_repository(db).find(out.link.user_id);
    if (!owner) return owner.error();
    if (!*owner) return no_such("link");
    out.owner = std::move(**owner);
    auto bookings = persistence::booking_repository(db).of_link(out.link.id);
    if (!bookings) return bookings.error();
    out.bookings = std::move(*bookings);
    return out;
}

result<found_delegation> whole(persistence::database& db,
                               result<std::optional<delegation_row>> found) {
    if (!found) return found.error();
    if (!*found) return no_such("link");
    return whole(db, std::move(**found));
}

/// One change of a link or of its guests' sessions.
struct delegation_changes {
    persistence::database& db;
    timestamp at;

    result<void> operator()(const put_delegation& one) const {
        const auto owner = persistence::account_repository(db).find(one.link.user_id);
        if (!owner) return owner.error();
        if (!*owner) return no_such("user");
        return delegation_repository(db).create(row_of(one.link), one.token_hash);
    }
    result<void> operator()(const revoke_delegation& one) const {
        return delegation_repository(db).revoke(one.user_id, one.id, at);
    }
    result<void> operator()(const count_guest_tokens& one) const {
        return delegation_repository(db).spend_tokens(one.delegation_id, one.tokens);
    }
    result<void> operator()(const put_guest_session& one) const {
        return guest_session_repository(db).create(
            {one.id, one.delegation_id, one.conversation_id, at, one.expires_at}, one.hash,
            most_sessions);
    }
};

}  // namespace

result<void> store_writer::apply(const commit_delegation& what) {
    return std::visit(delegation_changes{db_, what.at}, what.change);
}

result<found_delegation> store_reader::read(const find_delegation& what) {
    delegation_repository links(db_);
    if (!what.token.empty())
        return whole(db_, links.find_by_token(persistence::token_hash(what.token)));
    return whole(db_, links.find(what.user_id, what.id));
}

result<delegation_page> store_reader::read(const list_delegations& what) {
    auto page = delegation_repository(db_).list(what.user_id, what.limit, what.cursor);
    if (!page) return page.error();
    delegation_page out;
    out.next_cursor = std::move(page->next_cursor);
    for (auto& each : page->items) {
        auto one = whole(db_, std::move(each));
        if (!one) return one.error();
        out.items.push_back(std::move(*one));
    }
    return out;
}

result<found_guest_session> store_reader::read(const find_guest_session& what) {
    auto session = guest_session_repository(db_).find(persistence::token_hash(what.secret));
    if (!session) return session.error();
    if (!*session) return no_such("session");
    auto& row = **session;
    auto at = whole(db_, delegation_repository(db_).find_any(row.delegation_id));
    if (!at) return at.error();
    auto talk =
        persistence::conversation_repository(db_).find(at->link.user_id, row.conversation_id);
    if (!talk) return talk.error();
    return found_guest_session{std::move(row.id),
                               std::move(row.delegation_id),
                               std::move(row.conversation_id),
                               *talk && (*talk)->deleted,
                               row.expires_at,
                               std::move(*at)};
}

}  // namespace perin::actors
