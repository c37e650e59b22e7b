#include "cli/child_process.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <unistd.h>

using namespace perin;
using namespace perin::cli;

namespace {

child_call shell(const std::string& script) {
    return {.program = "sh", .arguments = {"-c", script}};
}

}  // namespace

TEST_CASE("a program's exit code and complaint come back") {
    const auto end = run_child(shell("echo out; echo wrong >&2; exit 3"));
    REQUIRE(end);
    CHECK(end->code == 3);
    CHECK(end->complaint == "wrong\n");
    const auto killed = run_child(shell("kill -9 $$"));
    REQUIRE(killed);
    CHECK(killed->code == 128 + SIGKILL);
}

TEST_CASE("a program that is not there is told from one that fails") {
    const auto missing = run_child({.program = "no-such-program-at-all"});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == error_code::not_found);
    CHECK(missing.error().detail == "no-such-program-at-all is not installed");
    const auto folder = run_child({.program = "/"});
    REQUIRE_FALSE(folder);
    CHECK(folder.error().code == error_code::internal);
}

TEST_CASE("a program gets what it is given, and its output where it is to go") {
    ::setenv("PERIN_TEST_SEEN", "before", 1);
    const memory_file out;
    auto call = shell("echo \"$PERIN_TEST_SEEN $PERIN_TEST_OTHER $1 $#\"; cat");
    call.arguments.insert(call.arguments.end(), {"sh", "a 'b' \"c\" $HOME", ""});
    call.environment = {{"PERIN_TEST_SEEN", "after"}, {"PERIN_TEST_OTHER", "x=y"}};
    call.output = out.descriptor();
    const auto end = run_child(call);
    ::unsetenv("PERIN_TEST_SEEN");
    REQUIRE(end);
    CHECK(end->code == 0);
    CHECK(out.content(1000) == "after x=y a 'b' \"c\" $HOME 2\n");
    CHECK(out.content(5) == "after");
}

TEST_CASE("a complaint is cut, and never waited for") {
    const auto end = run_child(shell("head -c 1000000 /dev/zero >&2; exit 1"));
    REQUIRE(end);
    CHECK(end->code == 1);
    CHECK(end->complaint.size() == std::size_t{16} << 10U);
}

TEST_CASE("a program nobody waits for is ended") {
    const memory_file id;
    auto call = shell("echo $$; exec sleep 600");
    call.output = id.descriptor();
    pid_t child = 0;
    {
        auto started = child_process::start(call);
        REQUIRE(started);
        while (child == 0) child = std::atoi(id.content(20).c_str());
        CHECK(::kill(child, 0) == 0);
    }
    CHECK(::kill(child, 0) != 0);
}
