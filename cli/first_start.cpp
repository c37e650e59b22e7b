#include "cli/first_start.hpp"

#include "domain/id.hpp"
#include "persistence/accounts.hpp"
#include "persistence/credentials.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace perin::cli {

namespace {

/// For how long the first login link is good.
constexpr std::chrono::hours link_life{24};

/// The machine's zone, as Debian keeps it.
std::string system_timezone() {
    std::string name;
    if (const char* set = std::getenv("TZ")) name = set;
    if (name.empty()) {
        std::ifstream file("/etc/timezone");
        std::getline(file, name);
    }
    return is_timezone(name) ? name : "UTC";
}

}  // namespace

result<std::optional<new_owner>> make_owner(persistence::database& db,
                                            const runtime::wall_clock& clock,
                                            runtime::entropy& entropy) {
    persistence::account_repository accounts(db);
    auto users = accounts.count();
    if (!users) return users.error();
    if (*users != 0) return std::optional<new_owner>{};
    auto now = clock.now();
    new_owner owner{{make_id("usr_", now, entropy.for_id()), "owner@localhost", "Owner",
                     system_timezone(), true, now},
                    persistence::new_token("prl_")};
    auto change = persistence::transaction::begin(db);
    if (!change) return change.error();
    // Until `perin user passwd` sets one, no password is right.
    auto unknown = persistence::hash_password(persistence::new_token(""));
    if (auto done = accounts.create(owner.account, unknown); !done) return done.error();
    access_token link{make_id("ses_", now, entropy.for_id()),
                      owner.account.id,
                      token_kind::login,
                      "first login",
                      now,
                      now + link_life,
                      std::nullopt};
    if (auto done = accounts.create_token(link, persistence::token_hash(owner.login_token)); !done)
        return done.error();
    if (auto done = change->commit(); !done) return done.error();
    return std::optional{owner};
}

void announce_owner(const new_owner& owner, const std::string& url) {
    std::cerr << "perin: made the owner " << owner.account.email
              << ". Sign in once, within 24 hours, at\n  " << url << "/login/" << owner.login_token
              << "\nThen set a password: perin user passwd " << owner.account.email << std::endl;
}

}  // namespace perin::cli
