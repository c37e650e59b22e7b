#include "cli/local_accounts.hpp"

#include "domain/account_rules.hpp"
#include "domain/id.hpp"
#include "persistence/credentials.hpp"

namespace perin::cli {

namespace {

/// Tells our API tokens from others', for people and for scanners of leaked secrets.
constexpr auto token_prefix = "prn_";

failure at(const char* name, failure why) {
    why.pointer = std::string("/") + name;
    return why;
}

}  // namespace

result<user> local_accounts::existing(const std::string& email) {
    const auto normalized = normalized_email(email);
    if (!normalized) return at("email", normalized.error());
    auto found = repository_.find_by_email(*normalized);
    if (!found) return found.error();
    if (!*found) return failure{error_code::not_found, "there is no user " + *normalized};
    return std::move(**found);
}

result<user> local_accounts::add(const new_user& fresh) {
    const auto email = normalized_email(fresh.email);
    if (!email) return at("email", email.error());
    if (const auto fit = check_name(fresh.name); !fit) return at("name", fit.error());
    if (!is_timezone(fresh.timezone)) {
        return at("timezone", {error_code::invalid_request, "must be an IANA time zone"});
    }
    if (const auto fit = check_password(fresh.password); !fit) return at("password", fit.error());
    const failure taken{error_code::conflict, "there is already a user " + *email};
    const auto found = repository_.find_by_email(*email);
    if (!found) return found.error();
    if (*found) return taken;

    const auto now = clock_.now();
    const user made{.id = make_id("usr_", now, random_.for_id()),
                    .email = *email,
                    .name = fresh.name,
                    .timezone = fresh.timezone,
                    .admin = fresh.admin,
                    .created_at = now};
    const auto created = repository_.create(made, persistence::hash_password(fresh.password));
    if (created) return made;
    return created.error().code == error_code::conflict ? taken : created.error();
}

result<std::vector<user>> local_accounts::users() { return repository_.list(); }

result<void> local_accounts::change_password(const std::string& email,
                                             const std::string& password) {
    if (const auto fit = check_password(password); !fit) return at("password", fit.error());
    const auto owner = existing(email);
    if (!owner) return owner.error();
    // Before the transaction: hashing takes its time, and other writers would wait for it.
    const auto hash = persistence::hash_password(password);
    auto both = persistence::transaction::begin(on_);
    if (!both) return both.error();
    if (const auto set = repository_.set_password(owner->id, hash); !set) return set.error();
    const auto ended = repository_.revoke_tokens_of(owner->id, token_kind::session);
    if (!ended) return ended.error();
    return both->commit();
}

result<void> local_accounts::remove(const std::string& email) {
    const auto owner = existing(email);
    if (!owner) return owner.error();
    auto all = persistence::transaction::begin(on_);
    if (!all) return all.error();
    if (const auto removed = repository_.remove(owner->id); !removed) return removed.error();
    return all->commit();
}

result<made_token> local_accounts::create_token(const new_token_request& wanted) {
    if (!wanted.label.empty()) {
        const auto fit = check_name(wanted.label);
        if (!fit) return at("label", fit.error());
    }
    const auto now = clock_.now();
    if (wanted.expires_at && *wanted.expires_at <= now) {
        return at("expiresAt", {error_code::invalid_request, "must be in the future"});
    }
    const auto owner = existing(wanted.email);
    if (!owner) return owner.error();
    made_token made{.token = {.id = make_id("tok_", now, random_.for_id()),
                              .user_id = owner->id,
                              .kind = token_kind::api,
                              .label = wanted.label,
                              .created_at = now,
                              .expires_at = wanted.expires_at},
                    .text = persistence::new_token(token_prefix)};
    const auto created = repository_.create_token(made.token, persistence::token_hash(made.text));
    if (!created) return created.error();
    return made;
}

result<std::vector<access_token>> local_accounts::tokens(const std::string& email) {
    const auto owner = existing(email);
    if (!owner) return owner.error();
    return repository_.tokens_of(owner->id);
}

result<void> local_accounts::revoke_token(const std::string& id) {
    const auto revoked = repository_.revoke_token(id);
    if (!revoked) return revoked.error();
    if (!*revoked) return failure{error_code::not_found, "there is no such token"};
    return {};
}

}  // namespace perin::cli
