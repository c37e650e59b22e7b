#include "persistence/guest_sessions.hpp"

#include "persistence/accounts.hpp"
#include "persistence/delegations.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::unique_ptr<database> open_with_links(test_store& store) {
    auto opened = store.open();
    REQUIRE(account_repository(*opened).create(
        {.id = "usr_1", .email = "a@example.org", .name = "N", .timezone = "UTC"}, "h"));
    for (const std::string id : {"dlg_1", "dlg_2"})
        REQUIRE(delegation_repository(*opened).create(
            {.id = id, .user_id = "usr_1", .title = "Call", .expires_at = at(1000)}, id));
    return opened;
}

guest_session_row session(const std::string& id, std::int64_t created = 0) {
    return {.id = id,
            .delegation_id = "dlg_1",
            .conversation_id = "cnv_of_" + id,
            .created_at = at(created),
            .expires_at = at(500)};
}

}  // namespace

TEST_CASE("a guest's session is found by the hash of its secret") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_links(store);
    guest_session_repository sessions(*opened);
    REQUIRE(sessions.create(session("ses_1"), "hash", 10));
    CHECK(*sessions.find("hash") == session("ses_1"));
    CHECK(*sessions.find("other") == std::nullopt);
    CHECK(sessions.create(session("ses_2"), "hash", 10).error().code == error_code::conflict);
    auto nobodys = session("ses_3");
    nobodys.delegation_id = "dlg_none";
    CHECK(sessions.create(nobodys, "third", 10).error().code == error_code::conflict);
}

TEST_CASE("of a link's sessions the oldest go where there are too many") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = open_with_links(store);
    guest_session_repository sessions(*opened);
    auto other = session("ses_0");
    other.delegation_id = "dlg_2";
    REQUIRE(sessions.create(other, "h0", 2));
    for (int i = 1; i <= 4; ++i)
        REQUIRE(
            sessions.create(session("ses_" + std::to_string(i), i), "h" + std::to_string(i), 2));
    for (const auto* gone : {"h1", "h2"}) CHECK(*sessions.find(gone) == std::nullopt);
    for (const auto* there : {"h0", "h3", "h4"}) CHECK(*sessions.find(there) != std::nullopt);
}
