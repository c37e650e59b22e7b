#include "persistence/snapshots.hpp"

#include "persistence/journal.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

constexpr auto all = std::numeric_limits<std::uint64_t>::max();

std::vector<journal_record> records(std::uint64_t first, std::size_t count) {
    std::vector<journal_record> made;
    for (std::size_t i = 0; i < count; ++i) {
        const auto version = first + i;
        made.push_back({.version = version,
                        .kind = "counted",
                        .payload = "{\"n\":" + std::to_string(version) + "}",
                        .at = at(static_cast<std::int64_t>(version))});
    }
    return made;
}

stream_snapshot snapshot(std::uint64_t version) {
    return {.version = version,
            .payload = "{\"sum\":" + std::to_string(version * (version + 1) / 2) + "}",
            .at = at(1000)};
}

}  // namespace

TEST_CASE("the newest snapshot of a stream holds") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(journal_repository(*opened).append("s", 0, records(1, 5)));
    snapshot_repository snapshots(*opened);
    CHECK(*snapshots.find("s") == std::nullopt);
    CHECK(*snapshots.write("s", snapshot(2)));
    CHECK(*snapshots.find("s") == snapshot(2));
    CHECK(*snapshots.write("s", snapshot(4)));
    CHECK_FALSE(*snapshots.write("s", snapshot(4)));
    CHECK_FALSE(*snapshots.write("s", snapshot(3)));
    CHECK(*snapshots.find("s") == snapshot(4));
}

TEST_CASE("a snapshot of a version that is not there is a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(journal_repository(*opened).append("s", 0, records(1, 2)));
    snapshot_repository snapshots(*opened);
    CHECK(code_of(snapshots.write("s", snapshot(3))) == error_code::conflict);
    CHECK(code_of(snapshots.write("s", snapshot(0))) == error_code::conflict);
    CHECK(code_of(snapshots.write("none", snapshot(1))) == error_code::conflict);
    CHECK(*snapshots.find("s") == std::nullopt);
}

TEST_CASE("a stream is taken up from its snapshot") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(journal_repository(*opened).append("s", 0, records(1, 5)));
    snapshot_repository snapshots(*opened);
    auto loaded = snapshots.load("s", 9);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == std::nullopt);
    CHECK(loaded->records == records(1, 5));

    REQUIRE(snapshots.write("s", snapshot(3)));
    loaded = snapshots.load("s", 1);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == snapshot(3));
    CHECK(loaded->records == records(4, 1));

    REQUIRE(snapshots.write("s", snapshot(5)));
    loaded = snapshots.load("s", 9);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == snapshot(5));
    CHECK(loaded->records.empty());

    loaded = snapshots.load("none", 9);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == std::nullopt);
    CHECK(loaded->records.empty());
}

TEST_CASE("only what a snapshot covers is pruned, and the stream goes on") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 5)));
    REQUIRE(journal.append("other", 0, records(1, 2)));
    snapshot_repository snapshots(*opened);
    CHECK(*snapshots.prune("s", all) == 0);
    REQUIRE(snapshots.write("s", snapshot(3)));
    CHECK(*snapshots.prune("s", 2) == 2);
    CHECK(*snapshots.prune("s", all) == 1);
    CHECK(*journal.read("s", 0, 9) == records(4, 2));

    REQUIRE(snapshots.write("s", snapshot(5)));
    CHECK(*snapshots.prune("s", all) == 1);
    CHECK(*journal.read("s", 0, 9) == records(5, 1));
    CHECK(*journal.version("s") == 5);
    REQUIRE(journal.append("s", 5, records(6, 1)));
    const auto loaded = snapshots.load("s", 9);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == snapshot(5));
    CHECK(loaded->records == records(6, 1));
    CHECK(*journal.version("other") == 2);
}

TEST_CASE("a snapshot that comes and prunes while a stream is read is seen") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    auto writer = store.open();
    REQUIRE(journal_repository(*writer).append("s", 0, records(1, 9)));
    REQUIRE(snapshot_repository(*writer).write("s", snapshot(2)));
    std::uint64_t newest = 2;
    // Between the look for the snapshot and that for the records, twice.
    watched_database reader(*opened, [&](std::string_view sql) -> std::optional<failure> {
        if (sql.find("FROM journal") == std::string_view::npos || newest >= 6) return std::nullopt;
        newest += 2;
        REQUIRE(*snapshot_repository(*writer).write("s", snapshot(newest)));
        REQUIRE(snapshot_repository(*writer).prune("s", newest));
        return std::nullopt;
    });
    const auto loaded = snapshot_repository(reader).load("s", 9);
    REQUIRE(loaded);
    CHECK(loaded->snapshot == snapshot(6));
    CHECK(loaded->records == records(7, 3));
}

TEST_CASE("records that are gone without a snapshot are a failure, not a short stream") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(journal_repository(*opened).append("s", 0, records(1, 3)));
    REQUIRE(opened->execute("DELETE FROM journal WHERE version = 1"));
    CHECK(code_of(snapshot_repository(*opened).load("s", 9)) == error_code::internal);
}

TEST_CASE("a removed stream leaves no snapshot") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(journal_repository(*opened).append("s", 0, records(1, 3)));
    snapshot_repository snapshots(*opened);
    REQUIRE(snapshots.write("s", snapshot(3)));
    REQUIRE(journal_repository(*opened).remove("s"));
    CHECK(*snapshots.find("s") == std::nullopt);
}
