#include "persistence/calendars.hpp"

#include "persistence/accounts.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

struct world {
    test_store store;
    std::unique_ptr<database> opened;
    calendar_repository calendars;

    explicit world(const std::string& driver)
        : store(driver), opened(store.open()), calendars(*opened) {
        account_repository accounts(*opened);
        for (const std::string n : {"1", "2"})
            REQUIRE(accounts.create(
                {.id = "usr_" + n, .email = n + "@example.org", .name = "N", .timezone = "UTC"},
                "h"));
    }
};

}  // namespace

TEST_CASE("a calendar goes on only from the version that it is at") {
    world with(GENERATE(from_range(drivers())));
    CHECK(*with.calendars.state_of("usr_1") == calendar_state{});
    CHECK(code_of(with.calendars.advance("usr_1", 1, at(1))) == error_code::conflict);
    REQUIRE(with.calendars.advance("usr_1", 0, at(1)));
    CHECK(code_of(with.calendars.advance("usr_1", 0, at(2))) == error_code::conflict);
    REQUIRE(with.calendars.advance("usr_1", 1, at(3)));
    CHECK(code_of(with.calendars.advance("usr_1", 1, at(4))) == error_code::conflict);
    CHECK(*with.calendars.state_of("usr_1") == calendar_state{2, at(3)});
    CHECK(*with.calendars.state_of("usr_2") == calendar_state{});
    // Nobody has no calendar.
    CHECK(code_of(with.calendars.advance("usr_3", 0, at(1))) == error_code::conflict);
}

TEST_CASE("of two who go on from one version one does") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.calendars.advance("usr_1", 0, at(1)));
    auto other = with.store.open();
    calendar_repository theirs(*other);
    auto mine = transaction::begin(*with.opened);
    REQUIRE(mine);
    REQUIRE(with.calendars.advance("usr_1", 1, at(2)));
    REQUIRE(mine->commit());
    CHECK(code_of(theirs.advance("usr_1", 1, at(3))) == error_code::conflict);
    REQUIRE(theirs.advance("usr_1", 2, at(3)));
}

TEST_CASE("a feed is found by its hash until another one takes its place or it ends") {
    world with(GENERATE(from_range(drivers())));
    CHECK_FALSE(*with.calendars.has_feed("usr_1"));
    CHECK_FALSE(*with.calendars.find_feed("hash"));
    REQUIRE(with.calendars.put_feed("usr_1", "hash", at(1)));
    const auto found = with.calendars.find_feed("hash");
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->owner.email == "1@example.org");
    CHECK((*found)->state == calendar_state{});
    CHECK(code_of(with.calendars.put_feed("usr_2", "hash", at(1))) == error_code::conflict);
    REQUIRE(with.calendars.advance("usr_1", 0, at(5)));
    CHECK((*with.calendars.find_feed("hash"))->state == calendar_state{1, at(5)});
    REQUIRE(with.calendars.put_feed("usr_1", "other", at(2)));
    CHECK_FALSE(*with.calendars.find_feed("hash"));
    CHECK(*with.calendars.find_feed("other"));
    CHECK(*with.calendars.has_feed("usr_1"));
    REQUIRE(with.calendars.end_feed("usr_1"));
    REQUIRE(with.calendars.end_feed("usr_1"));
    CHECK_FALSE(*with.calendars.find_feed("other"));
    CHECK_FALSE(*with.calendars.has_feed("usr_1"));
}

TEST_CASE("a feed goes with its owner") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.calendars.put_feed("usr_1", "hash", at(1)));
    REQUIRE(account_repository(*with.opened).remove("usr_1"));
    CHECK_FALSE(*with.calendars.find_feed("hash"));
}
