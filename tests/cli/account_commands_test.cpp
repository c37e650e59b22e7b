#include "cli/account_commands.hpp"

#include "cli/open_accounts.hpp"
#include "cli/run_file.hpp"
#include "domain/json.hpp"
#include "tests/cli/scripted_console.hpp"
#include "tests/cli/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

using namespace perin;
using namespace perin::cli;
using namespace std::chrono_literals;

namespace {

timestamp present() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

/// Accounts on a database of their own.
class fixture {
  public:
    fixture() {
        configuration_.data = folder_.path() / "data";
        auto opened = open_accounts(configuration_);
        REQUIRE(opened);
        accounts_ = std::move(*opened);
    }

    template <class Command>
    exit_code run(const Command& wanted, scripted_console& at, bool json = false,
                  bool yes = false) {
        return cli::run(wanted, account_context{*accounts_, at, present(), json, yes});
    }

    template <class Command>
    exit_code run(const Command& wanted) {
        scripted_console at({"a good password"});
        return run(wanted, at);
    }

    [[nodiscard]] account_service& accounts() { return *accounts_; }
    [[nodiscard]] const runtime::configuration& configuration() const { return configuration_; }

  private:
    temporary_folder folder_;
    runtime::configuration configuration_;
    std::unique_ptr<account_service> accounts_;
};

}  // namespace

TEST_CASE("a user is added, listed and removed") {
    fixture with;
    scripted_console adding({"a good password"});
    CHECK(with.run(user_add{.email = "ada@b.c"}, adding) == exit_code::done);
    CHECK(adding.said() == "added ada@b.c\n");
    CHECK(with.run(user_add{.email = "bob@b.c", .name = "Bob", .timezone = "Europe/Vienna"}) ==
          exit_code::done);

    scripted_console listing;
    CHECK(with.run(user_list{}, listing, true) == exit_code::done);
    const auto listed = parse_json(listing.said());
    REQUIRE(listed);
    REQUIRE((*listed)["items"].size() == 2);
    CHECK((*listed)["items"][0]["email"] == "ada@b.c");
    CHECK((*listed)["items"][0]["name"] == "ada");
    CHECK((*listed)["items"][1]["timezone"] == "Europe/Vienna");
    CHECK_FALSE((*listed)["items"][0].contains("password"));

    scripted_console removing({"yes"});
    CHECK(with.run(user_remove{.email = "ada@b.c"}, removing) == exit_code::done);
    scripted_console again;
    CHECK(with.run(user_remove{.email = "ada@b.c"}, again, false, true) == exit_code::failed);
    CHECK(again.complained() == "perin: there is no user ada@b.c\n");
    const auto left = with.accounts().users();
    REQUIRE(left);
    CHECK(left->size() == 1);
}

TEST_CASE("a user that exists, a bad password and a bad time zone have their exit codes") {
    fixture with;
    REQUIRE(with.run(user_add{.email = "ada@b.c"}) == exit_code::done);
    CHECK(with.run(user_add{.email = "ada@b.c"}) == exit_code::failed);
    scripted_console nowhere({"a good password"});
    CHECK(with.run(user_add{.email = "bob@b.c", .timezone = "Mars/Base"}, nowhere) ==
          exit_code::usage);
    CHECK(nowhere.complained() == "perin: timezone: must be an IANA time zone\n");
    CHECK(with.run(user_add{.email = "bob@b.c", .name = ""}) == exit_code::usage);
    for (const auto& password : {std::string("1234567"), std::string(1025, 'x')}) {
        scripted_console at({password});
        CHECK(with.run(user_add{.email = "bob@b.c"}, at) == exit_code::usage);
        CHECK(at.complained().find(password) == std::string::npos);
    }
    scripted_console nothing;
    CHECK(with.run(user_add{.email = "bob@b.c"}, nothing) == exit_code::usage);
    CHECK(with.run(user_passwd{.email = "nobody@b.c"}) == exit_code::failed);
    CHECK(with.accounts().users()->size() == 1);
}

TEST_CASE("a person is asked for a password twice, and before a user is removed") {
    fixture with;
    scripted_console differing({"a good password", "another password"}, true);
    CHECK(with.run(user_add{.email = "ada@b.c"}, differing) == exit_code::usage);
    scripted_console same({"a good password", "a good password"}, true);
    CHECK(with.run(user_add{.email = "ada@b.c"}, same) == exit_code::done);

    scripted_console doubtful({""}, true);
    CHECK(with.run(user_remove{.email = "ada@b.c"}, doubtful) == exit_code::failed);
    scripted_console silent;
    CHECK(with.run(user_remove{.email = "ada@b.c"}, silent) == exit_code::usage);
    CHECK(with.accounts().users()->size() == 1);
    scripted_console sure;
    CHECK(with.run(user_remove{.email = "ada@b.c"}, sure, false, true) == exit_code::done);
    CHECK(with.accounts().users()->empty());
}

TEST_CASE("a token is printed alone, listed without its text, and revoked once") {
    fixture with;
    REQUIRE(with.run(user_add{.email = "ada@b.c"}) == exit_code::done);
    scripted_console making;
    CHECK(with.run(token_create{.email = "ada@b.c", .label = "laptop", .expires = "12h"}, making) ==
          exit_code::done);
    const auto text = making.said();
    CHECK(text.starts_with("prn_"));
    CHECK(text.size() == 4 + 43 + 1);

    const auto tokens = with.accounts().tokens("ADA@b.c");
    REQUIRE(tokens);
    REQUIRE(tokens->size() == 1);
    const auto& token = tokens->front();
    CHECK(token.kind == token_kind::api);
    CHECK(token.label == "laptop");
    REQUIRE(token.expires_at);
    CHECK(*token.expires_at - token.created_at >= 12h - 1min);
    CHECK(*token.expires_at - token.created_at <= 12h);

    scripted_console listing;
    CHECK(with.run(token_list{.email = "ada@b.c"}, listing) == exit_code::done);
    CHECK(listing.said().find(token.id) != std::string::npos);
    CHECK(listing.said().find(text.substr(0, 20)) == std::string::npos);

    CHECK(with.run(token_revoke{.id = token.id}) == exit_code::done);
    CHECK(with.run(token_revoke{.id = token.id}) == exit_code::failed);
    CHECK(with.run(token_create{.email = "ada@b.c", .expires = "soon"}) == exit_code::usage);
    CHECK(with.run(token_create{.email = "nobody@b.c"}) == exit_code::failed);
}

TEST_CASE("a token that never expires says so in JSON") {
    fixture with;
    REQUIRE(with.run(user_add{.email = "ada@b.c"}) == exit_code::done);
    scripted_console at;
    CHECK(with.run(token_create{.email = "ada@b.c", .expires = "never"}, at, true) ==
          exit_code::done);
    const auto made = parse_json(at.said());
    REQUIRE(made);
    CHECK((*made)["expiresAt"].is_null());
    CHECK((*made)["token"].get<std::string>().starts_with("prn_"));
}

TEST_CASE("the run file of a dead or silent server does not keep anyone from the database") {
    const fixture with;
    // Port 1 of this machine: nothing listens there.
    run_file run{.url = "http://127.0.0.1:1",
                 .admin = "http://127.0.0.1:1",
                 .pid = static_cast<int>(::getpid()),
                 .token = "t",
                 .node = "n"};
    REQUIRE(write_run_file(with.configuration().data, run));
    REQUIRE(live_run_file(with.configuration().data) == run);
    const auto accounts = open_accounts(with.configuration());
    REQUIRE(accounts);
    CHECK((*accounts)->users());

    remove_run_file(with.configuration().data, run.pid + 1);
    CHECK(live_run_file(with.configuration().data));
    remove_run_file(with.configuration().data, run.pid);
    CHECK_FALSE(live_run_file(with.configuration().data));
    // The most that Linux numbers a process (proc(5), pid_max) is 4194304.
    run.pid = 4'194'305;
    REQUIRE(write_run_file(with.configuration().data, run));
    CHECK_FALSE(live_run_file(with.configuration().data));
}

TEST_CASE("a data folder that cannot be made is a failure") {
    runtime::configuration configuration;
    configuration.data = "/proc/no/such/folder";
    const auto accounts = open_accounts(configuration);
    REQUIRE_FALSE(accounts);
    CHECK(accounts.error().detail.find("/proc/no") != std::string::npos);
}
