#include "persistence/streams.hpp"

#include "persistence/journal.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::vector<journal_record> records(std::uint64_t first, std::size_t count) {
    std::vector<journal_record> made;
    for (std::size_t i = 0; i < count; ++i) {
        const auto version = first + i;
        made.push_back({.version = version,
                        .kind = "step.started",
                        .payload = "{}",
                        .at = at(static_cast<std::int64_t>(version))});
    }
    return made;
}

stream_state in(std::string state) {
    return {.kind = "workflow",
            .user_id = "usr_1",
            .state = std::move(state),
            .summary = "{\"waitsFor\":null}"};
}

std::vector<std::string> names(const result<std::vector<stream_row>>& found) {
    std::vector<std::string> all;
    if (found) {
        for (const auto& each : *found) all.push_back(each.stream);
    }
    return all;
}

}  // namespace

TEST_CASE("a stream's row keeps step with its journal") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    stream_repository streams(*opened);
    CHECK(*streams.find("w1") == std::nullopt);

    REQUIRE(journal.append("w1", 0, records(1, 2), in("running")));
    const stream_row begun{.stream = "w1",
                           .what = in("running"),
                           .version = 2,
                           .created_at = at(2),
                           .updated_at = at(2)};
    CHECK(*streams.find("w1") == begun);

    REQUIRE(journal.append("w1", 2, records(3, 1), in("waiting")));
    const stream_row gone_on{.stream = "w1",
                             .what = in("waiting"),
                             .version = 3,
                             .created_at = at(2),
                             .updated_at = at(3)};
    CHECK(*streams.find("w1") == gone_on);
    CHECK(journal.append("w1", 3, {}, in("failed")));
    CHECK(*streams.find("w1") == gone_on);

    REQUIRE(journal.remove("w1"));
    CHECK(*streams.find("w1") == std::nullopt);
    CHECK(*journal.version("w1") == 0);
}

TEST_CASE("an append to a stream whose row is elsewhere is a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("w1", 0, records(1, 2), in("running")));
    {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        const std::uint64_t expected = GENERATE(0u, 1u, 3u);
        CHECK(code_of(journal.append("w1", expected, records(3, 1), in("waiting"))) ==
              error_code::conflict);
    }
    {
        // Its row went, though its records did not.
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        REQUIRE(opened->execute("DELETE FROM streams WHERE stream = 'w1'"));
        CHECK(code_of(journal.append("w1", 2, records(3, 1), in("waiting"))) ==
              error_code::conflict);
    }
    CHECK(*journal.version("w1") == 2);
    CHECK((*stream_repository(*opened).find("w1"))->what.state == "running");
}

TEST_CASE("streams of a state are found in parts") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    stream_repository streams(*opened);
    for (const std::string name : {"w3", "w1", "w2", "w4"}) {
        REQUIRE(journal.append(name, 0, records(1, 1), in(name == "w4" ? "waiting" : "running")));
    }
    stream_state other = in("running");
    other.kind = "negotiation";
    REQUIRE(journal.append("n1", 0, records(1, 1), other));

    using list = std::vector<std::string>;
    CHECK(names(streams.in_state("workflow", "running", 2, "")) == list{"w1", "w2"});
    CHECK(names(streams.in_state("workflow", "running", 2, "w2")) == list{"w3"});
    CHECK(names(streams.in_state("workflow", "running", 2, "w3")).empty());
    CHECK(names(streams.in_state("workflow", "waiting", 9, "")) == list{"w4"});
    CHECK(names(streams.in_state("negotiation", "running", 9, "")) == list{"n1"});
    CHECK(names(streams.in_state("workflow", "completed", 9, "")).empty());
}

TEST_CASE("a batch keeps the rows of its streams in step") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    stream_repository streams(*opened);
    REQUIRE(journal.append("old", 0, records(1, 2), in("running")));
    REQUIRE(journal.append("older", 0, records(1, 2), in("running")));

    const auto first = records(1, 1);
    const auto second = records(2, 1);
    const auto third = records(3, 2);
    const auto fifth = records(5, 1);
    const stream_state running = in("running");
    const stream_state waiting = in("waiting");
    const stream_state completed = in("completed");
    const std::vector<stream_append> appends = {
        {"old", 2, third, &waiting},   {"new", 0, first, &running},  {"plain", 0, first},
        {"old", 4, fifth, &completed}, {"new", 1, second, &waiting}, {"older", 2, third, &waiting},
    };
    auto batch = transaction::begin(*opened);
    REQUIRE(batch);
    REQUIRE(journal.append_all(appends));
    REQUIRE(batch->commit());

    const auto state = [&](const std::string& stream) {
        const auto row = *streams.find(stream);
        return row ? row->what.state + " " + std::to_string(row->version) : "none";
    };
    CHECK(state("old") == "completed 5");
    CHECK(state("older") == "waiting 4");
    CHECK(state("new") == "waiting 2");
    CHECK(state("plain") == "none");
    CHECK(*journal.version("plain") == 1);
}

TEST_CASE("a batch is a conflict where one row is not in step") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("w1", 0, records(1, 1), in("running")));
    REQUIRE(journal.append("w2", 0, records(1, 1), in("running")));
    REQUIRE(opened->execute("DELETE FROM streams WHERE stream = 'w2'"));
    const auto next = records(2, 1);
    const stream_state waiting = in("waiting");
    const std::vector<stream_append> appends = {{"w1", 1, next, &waiting},
                                                {"w2", 1, next, &waiting}};
    {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        CHECK(code_of(journal.append_all(appends)) == error_code::conflict);
    }
    CHECK(*journal.version("w1") == 1);
}

TEST_CASE("a stream that somebody appends to while it is removed does not come back") {
    test_store store(GENERATE(from_range(drivers())));
    auto one = store.open();
    auto other = store.open();
    REQUIRE(journal_repository(*one).append("w1", 0, records(1, 2), in("running")));
    auto removing = transaction::begin(*one);
    REQUIRE(removing);
    REQUIRE(journal_repository(*one).remove("w1"));
    REQUIRE(removing->commit());
    {
        auto appending = transaction::begin(*other);
        REQUIRE(appending);
        CHECK(code_of(journal_repository(*other).append("w1", 2, records(3, 1), in("waiting"))) ==
              error_code::conflict);
    }
    CHECK(*stream_repository(*one).find("w1") == std::nullopt);
    CHECK(*journal_repository(*one).version("w1") == 0);
}

TEST_CASE("what a stream has told is noted once, and only further") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    stream_repository streams(*opened);
    REQUIRE(journal.append("w1", 0, records(1, 3), in("running")));
    CHECK((*streams.find("w1"))->told == 0);
    REQUIRE(streams.tell("w1", 0, 2));
    CHECK((*streams.find("w1"))->told == 2);
    for (const std::uint64_t after : {0, 1, 3}) {
        const auto again = streams.tell("w1", after, 4);
        REQUIRE_FALSE(again);
        CHECK(again.error().code == error_code::conflict);
    }
    CHECK(streams.tell("w2", 0, 1).error().code == error_code::conflict);
    REQUIRE(journal.append("w1", 3, records(4, 1), in("waiting")));
    CHECK((*streams.find("w1"))->told == 2);
    REQUIRE(streams.tell("w1", 2, 4));
    CHECK((*streams.find("w1"))->told == 4);
}
