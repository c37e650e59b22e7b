#include "cli/local_links.hpp"

#include "actors/delegation/link_booking.hpp"
#include "actors/store/store_reader.hpp"
#include "actors/store/store_writer.hpp"
#include "net/front/delegation_json.hpp"
#include "persistence/accounts.hpp"
#include "persistence/credentials.hpp"

namespace perin::cli {

using namespace runtime;
using nlohmann::json;

result<user> local_links::owner(const std::string& email) {
    auto found = persistence::account_repository(on_).find_by_email(email);
    if (!found) return found.error();
    if (!*found) return failure{error_code::not_found, "there is no user " + email};
    return std::move(**found);
}

result<void> local_links::commit(decltype(commit_delegation::change) change) {
    auto all = persistence::transaction::begin(on_);
    if (!all) return all.error();
    const commit_delegation wanted{std::move(change), clock_.now()};
    if (auto done = actors::store_writer(on_).apply(wanted); !done) return done;
    return all->commit();
}

result<json> local_links::create(const user& owner, const json& body) {
    auto fresh = actors::new_link(body, owner, clock_.now(), random_);
    if (!fresh) return fresh.error();
    auto done = commit(put_delegation{fresh->link, persistence::token_hash(fresh->token)});
    if (!done) return done.error();
    return net::link_json(owner, *fresh, url_, clock_.now());
}

result<json> local_links::list(const user& owner) {
    auto items = json::array();
    list_delegations wanted;
    wanted.user_id = owner.id;
    wanted.limit = 100;
    for (;;) {
        const auto page = actors::store_reader(on_).read(wanted);
        if (!page) return page.error();
        for (const auto& each : page->items) items.push_back(net::link_json(each, clock_.now()));
        if (!page->next_cursor) return json{{"items", std::move(items)}};
        wanted.cursor = page->next_cursor;
    }
}

result<void> local_links::revoke(const user& owner, const std::string& id) {
    return commit(revoke_delegation{owner.id, id});
}

}  // namespace perin::cli
