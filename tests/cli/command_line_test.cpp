#include "cli/command_line.hpp"

#include <catch2/catch.hpp>

using namespace perin::cli;

namespace {

command_line parsed(const std::vector<std::string>& arguments) {
    auto outcome = parse_command_line(arguments);
    if (const auto* exit = std::get_if<early_exit>(&outcome)) FAIL(exit->err);
    return std::get<command_line>(outcome);
}

early_exit refused(const std::vector<std::string>& arguments) {
    auto outcome = parse_command_line(arguments);
    REQUIRE(std::holds_alternative<early_exit>(outcome));
    return std::get<early_exit>(outcome);
}

}  // namespace

TEST_CASE("the commands without arguments are understood") {
    CHECK(std::holds_alternative<serve_command>(parsed({"serve"}).what));
    CHECK(std::holds_alternative<user_list>(parsed({"user", "list"}).what));
    CHECK(std::holds_alternative<secrets_rotate>(parsed({"secrets", "rotate"}).what));
    CHECK(std::holds_alternative<config_show>(parsed({"config", "show"}).what));
    CHECK(std::holds_alternative<config_check>(parsed({"config", "check"}).what));
    CHECK(std::holds_alternative<version_command>(parsed({"version"}).what));
    CHECK(std::holds_alternative<chat_options>(parsed({"chat"}).what));
}

TEST_CASE("a user is added as the options say") {
    const auto line = parsed({"user", "add", "Ada@Example.com", "--name", "Ada L", "--timezone",
                              "Europe/London", "--admin"});
    const auto& wanted = std::get<user_add>(line.what);
    CHECK(wanted.email == "ada@example.com");
    CHECK(wanted.name == "Ada L");
    CHECK(wanted.timezone == "Europe/London");
    CHECK(wanted.admin);

    const auto shortest = parsed({"user", "add", "a@b.c"});
    const auto& plain = std::get<user_add>(shortest.what);
    CHECK_FALSE(plain.name);
    CHECK(plain.timezone == "UTC");
    CHECK_FALSE(plain.admin);
}

TEST_CASE("a token lives 365 days unless something else is asked for") {
    const auto plain = parsed({"token", "create", "a@b.c"});
    CHECK(std::get<token_create>(plain.what).expires == "365d");
    const auto asked =
        parsed({"token", "create", "a@b.c", "--expires", "never", "--label", "laptop"});
    CHECK(std::get<token_create>(asked.what).expires == "never");
    CHECK(std::get<token_create>(asked.what).label == "laptop");
    CHECK(std::get<token_revoke>(parsed({"token", "revoke", "tok_1"}).what).id == "tok_1");
}

TEST_CASE("what is asked of a calendar is understood") {
    const auto list =
        parsed({"calendar", "list", "A@b.c", "--from", "today", "--to", "2026-12-01"});
    CHECK(std::get<calendar_list>(list.what).email == "a@b.c");
    CHECK(std::get<calendar_list>(list.what).from == "today");
    CHECK(std::get<calendar_list>(list.what).to == "2026-12-01");
    const auto fresh = parsed({"calendar", "add", "a@b.c", "--title", "T", "--start", "noon",
                               "--end", "1 pm", "--all-day", "--location", "L", "--description",
                               "D", "--repeat", "FREQ=DAILY", "--overlap"});
    const auto& added = std::get<calendar_add>(fresh.what);
    CHECK(added.title == "T");
    CHECK(added.start == "noon");
    CHECK(added.end == "1 pm");
    CHECK(added.all_day);
    CHECK(added.location == "L");
    CHECK(added.description == "D");
    CHECK(added.repeat == "FREQ=DAILY");
    CHECK(added.overlap);
    CHECK(std::get<calendar_import>(parsed({"calendar", "import", "a@b.c", "-"}).what).file == "-");
    CHECK(std::get<calendar_export>(parsed({"calendar", "export", "a@b.c"}).what).file == "-");
    CHECK(std::get<calendar_export>(parsed({"calendar", "export", "a@b.c", "x"}).what).file == "x");
    CHECK_FALSE(std::get<calendar_feed>(parsed({"calendar", "feed", "a@b.c"}).what).revoke);
    CHECK(std::get<calendar_feed>(parsed({"calendar", "feed", "a@b.c", "--revoke"}).what).revoke);
    for (const std::vector<std::string>& bad : {std::vector<std::string>{"calendar"},
                                                {"calendar", "list"},
                                                {"calendar", "list", "ada"},
                                                {"calendar", "add", "a@b.c", "--title", "T"},
                                                {"calendar", "add", "a@b.c", "--start", "x"},
                                                {"calendar", "import", "a@b.c"},
                                                {"calendar", "import", "a@b.c", ""}})
        CHECK(refused(bad).code == exit_code::usage);
}

TEST_CASE("what is lost is given up only where that is asked") {
    CHECK_FALSE(std::get<secrets_rotate>(parsed({"secrets", "rotate"}).what).lost);
    CHECK(std::get<secrets_rotate>(parsed({"secrets", "rotate", "--lost"}).what).lost);
}

TEST_CASE("the commands on all data are understood") {
    CHECK(std::get<backup_command>(parsed({"backup", "a file"}).what).file == "a file");
    CHECK(std::get<restore_command>(parsed({"restore", "a file", "--yes"}).what).file == "a file");
    CHECK(std::get<export_command>(parsed({"export", "Ada@b.c"}).what).email == "ada@b.c");
    CHECK(std::get<erase_command>(parsed({"erase", "Ada@b.c"}).what).email == "ada@b.c");
    CHECK(std::holds_alternative<database_check>(parsed({"db", "check"}).what));
    CHECK_FALSE(std::get<migrate_command>(parsed({"migrate"}).what).dry_run);
    CHECK(std::get<migrate_command>(parsed({"migrate", "--dry-run"}).what).dry_run);
    CHECK(std::get<database_move>(parsed({"db", "move", "--to", "postgresql://h/d"}).what).to ==
          "postgresql://h/d");
}

TEST_CASE("the options of the program may stand anywhere") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"--json", "--yes", "--config", "f", "user", "remove", "a@b.c"},
             {"user", "--json", "remove", "--yes", "a@b.c", "--config", "f"},
             {"user", "remove", "a@b.c", "--config=f", "-y", "--json"}}) {
        const auto line = parsed(arguments);
        CHECK(line.json);
        CHECK(line.yes);
        CHECK(line.config == "f");
        CHECK(std::get<user_remove>(line.what).email == "a@b.c");
    }
}

TEST_CASE("a chat is with this machine or with a server elsewhere") {
    const auto local =
        parsed({"chat", "-m", "Hello", "--user", "Ada@b.c", "--conversation", "cnv_1"});
    const auto& here = std::get<chat_options>(local.what);
    CHECK(here.message == "Hello");
    CHECK(here.user == "ada@b.c");
    CHECK(here.conversation == "cnv_1");
    CHECK_FALSE(here.resume);
    const auto remote = parsed({"chat", "--url", "https://p.example", "--token", "t", "--resume"});
    const auto& there = std::get<chat_options>(remote.what);
    CHECK(there.url == "https://p.example");
    CHECK(there.token == "t");
    CHECK(there.resume);
}

TEST_CASE("bad usage ends with 2 and says why on standard error") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {},
             {"bogus"},
             {"user"},
             {"user", "add"},
             {"user", "add", "no-email"},
             {"user", "add", "a@b.c", "extra"},
             {"user", "list", "--bogus"},
             {"token", "revoke"},
             {"secrets"},
             {"secrets", "rotate", "now"},
             {"backup"},
             {"backup", ""},
             {"backup", "a", "b"},
             {"restore"},
             {"restore", "a", "--bogus"},
             {"export"},
             {"export", "no-email"},
             {"erase"},
             {"erase", "no-email"},
             {"db"},
             {"db", "bogus"},
             {"db", "check", "extra"},
             {"db", "move"},
             {"db", "move", "--to"},
             {"db", "move", "--to", ""},
             {"db", "move", "file"},
             {"chat", "--url", "https://p.example"},
             {"chat", "--token", "t"},
             {"chat", "--url", "u", "--token", "t", "--user", "a@b.c"},
             {"chat", "--resume", "--conversation", "cnv_1"}}) {
        CAPTURE(arguments);
        const auto exit = refused(arguments);
        CHECK(exit.code == exit_code::usage);
        CHECK_FALSE(exit.err.empty());
        CHECK(exit.out.empty());
    }
}

TEST_CASE("every command has help on standard output") {
    for (const auto& command : std::vector<std::vector<std::string>>{{},
                                                                     {"serve"},
                                                                     {"chat"},
                                                                     {"user"},
                                                                     {"user", "add"},
                                                                     {"user", "list"},
                                                                     {"user", "passwd"},
                                                                     {"user", "remove"},
                                                                     {"token"},
                                                                     {"token", "create"},
                                                                     {"token", "list"},
                                                                     {"token", "revoke"},
                                                                     {"secrets"},
                                                                     {"secrets", "rotate"},
                                                                     {"backup"},
                                                                     {"restore"},
                                                                     {"export"},
                                                                     {"erase"},
                                                                     {"db"},
                                                                     {"db", "check"},
                                                                     {"db", "move"},
                                                                     {"config"},
                                                                     {"config", "show"},
                                                                     {"config", "check"},
                                                                     {"version"}}) {
        CAPTURE(command);
        auto arguments = command;
        arguments.emplace_back("--help");
        const auto exit = refused(arguments);
        CHECK(exit.code == exit_code::done);
        CHECK(exit.err.empty());
        CHECK(exit.out.find("Exit codes: 0 done; 1 failed") != std::string::npos);
    }
}
