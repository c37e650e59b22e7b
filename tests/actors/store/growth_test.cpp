#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::test;

namespace {

constexpr auto conv = "cnv_12345678";
constexpr int turns = 200;

struct written {
    std::int64_t records = 0;
    std::int64_t octets = 0;
};

/// What the journal holds.
written journal_of(actor_world& world) {
    auto found = world.open(persistence::sqlite_mode::read_only)
                     ->execute(
                         "SELECT COUNT(*), COALESCE(SUM(LENGTH(kind) + LENGTH(payload)), 0) "
                         "FROM journal");
    REQUIRE(found);
    return {found->front().integer(0), found->front().integer(1)};
}

}  // namespace

// bench/growth.cpp does the same up to the 10,000th turn, on both drivers.
TEST_CASE_METHOD(actor_world, "a turn adds as much to the journal as the first one did") {
    auto client = connect();
    std::vector<written> added;
    for (int i = 0; i < turns; ++i) {
        const auto before = journal_of(*this);
        send(client, message("the same question every time", conv));
        model->calls.back()->say("the same ");
        model->calls.back()->end("the same answer");
        settle();
        const auto after = journal_of(*this);
        added.push_back({after.records - before.records, after.octets - before.octets});
        // What was asked grows with the conversation, and is not what is measured here.
        model->calls.clear();
    }
    leave(client);
    REQUIRE(client.news->all<turn_completed>().size() == turns);
    for (int i = 0; i < turns; ++i) {
        INFO("turn " << i + 1);
        CHECK(added[i].records == added[0].records);
        // Numbers of events have more digits as they rise.
        CHECK(added[i].octets >= added[0].octets);
        CHECK(added[i].octets <= added[0].octets + 40);
    }
}
