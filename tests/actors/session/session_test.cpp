#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

TEST_CASE_METHOD(actor_world, "a session lets go of its sink when it ends, however it does") {
    auto client = connect();
    send(client, message("hello"));
    REQUIRE(client.news.use_count() == 2);
    SECTION("as it is told to") { caf::anon_send(client.session, session_stop{}); }
    SECTION("by a kill") { caf::anon_send_exit(client.session, caf::exit_reason::kill); }
    SECTION("by an error") {
        caf::anon_send_exit(client.session, caf::exit_reason::unhandled_exception);
    }
    settle();
    // The connection still has the actor's handle: it learns of the end by its sink's.
    CHECK(client.session);
    CHECK(client.news.use_count() == 1);
}
