#include "persistence/journal.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

constexpr auto newest = std::numeric_limits<std::uint64_t>::max();

std::vector<journal_record> records(std::uint64_t first, std::size_t count) {
    std::vector<journal_record> made;
    for (std::size_t i = 0; i < count; ++i) {
        const auto version = first + i;
        made.push_back({.version = version,
                        .kind = "turn.accepted",
                        .payload = "{\"n\":" + std::to_string(version) + "}",
                        .at = at(static_cast<std::int64_t>(version))});
    }
    return made;
}

std::vector<std::uint64_t> versions(const result<std::vector<journal_record>>& read) {
    std::vector<std::uint64_t> found;
    if (read) {
        for (const auto& record : *read) found.push_back(record.version);
    }
    return found;
}

}  // namespace

TEST_CASE("what is appended to a stream is read back in order") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 2)));
    REQUIRE(journal.append("s", 2, records(3, 3)));
    REQUIRE(journal.append("other", 0, records(1, 1)));

    const auto all = journal.read("s", 0, 100);
    REQUIRE(all);
    CHECK(*all == records(1, 5));
    CHECK(*journal.version("s") == 5);
    CHECK(*journal.version("none") == 0);
}

TEST_CASE("a stream is read in parts from either end") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 5)));
    using list = std::vector<std::uint64_t>;
    CHECK(versions(journal.read("s", 2, 2)) == list{3, 4});
    CHECK(versions(journal.read("s", 5, 2)).empty());
    CHECK(versions(journal.read("s", newest, 2)).empty());
    CHECK(versions(journal.read("s", 0, 0)).empty());
    CHECK(versions(journal.read("s", 3, std::numeric_limits<std::size_t>::max())) == list{4, 5});
    CHECK(versions(journal.read_back("s", newest, 2)) == list{5, 4});
    CHECK(versions(journal.read_back("s", 3, 9)) == list{2, 1});
    CHECK(versions(journal.read_back("s", 1, 9)).empty());
}

TEST_CASE("an append that expects another version is a conflict and writes nothing") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 3)));
    const std::uint64_t expected = GENERATE(0u, 1u, 2u, 4u, 100u);
    CHECK(code_of(journal.append("s", expected, records(9, 1))) == error_code::conflict);
    CHECK(*journal.read("s", 0, 100) == records(1, 3));
}

TEST_CASE("a late writer does not bring a removed stream back") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 3)));
    REQUIRE(journal.append("other", 0, records(1, 1)));
    REQUIRE(journal.remove("s"));
    CHECK(code_of(journal.append("s", 3, records(4, 1))) == error_code::conflict);
    CHECK(*journal.version("s") == 0);
    CHECK(*journal.version("other") == 1);
    CHECK(journal.remove("s"));
    CHECK(journal.append("s", 0, records(1, 1)));
}

TEST_CASE("an append of nothing is nothing") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    CHECK(journal.append("s", 0, {}));
    CHECK(*journal.version("s") == 0);
}

TEST_CASE("of two connections that append the same version one has a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto first = store.open();
    auto second = store.open();
    REQUIRE(journal_repository(*first).append("s", 0, records(1, 1)));
    CHECK(code_of(journal_repository(*second).append("s", 0, records(1, 1))) ==
          error_code::conflict);
    REQUIRE(journal_repository(*second).append("s", 1, records(2, 1)));
    CHECK(code_of(journal_repository(*first).append("s", 1, records(2, 1))) ==
          error_code::conflict);
    CHECK(*journal_repository(*first).read("s", 0, 9) == records(1, 2));
}

TEST_CASE("a conflicting item leaves the other items of its batch") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("b", 0, records(1, 1)));

    auto batch = transaction::begin(*opened);
    REQUIRE(batch);
    for (const std::string stream : {"a", "b", "c"}) {
        auto item = savepoint::begin(*opened);
        REQUIRE(item);
        const auto written = journal.append(stream, 0, records(1, 2));
        CHECK(written.has_value() == (stream != "b"));
        if (written) REQUIRE(item->release());
    }
    REQUIRE(batch->commit());
    CHECK(*journal.version("a") == 2);
    CHECK(*journal.version("b") == 1);
    CHECK(*journal.version("c") == 2);
}

TEST_CASE("a batch writes the records of many streams") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    const auto one = records(1, 1);
    const auto three = records(2, 3);
    // Every way to put a number of rows into statements of 1 to 64.
    for (const std::size_t streams : {0u, 1u, 2u, 3u, 7u, 63u, 64u, 65u, 130u}) {
        CAPTURE(streams);
        std::vector<std::string> names;
        for (std::size_t i = 0; i < streams; ++i) {
            names.push_back(std::to_string(streams) + "/" + std::to_string(i));
        }
        std::vector<stream_append> begun;
        std::vector<stream_append> more;
        for (const auto& name : names) {
            begun.push_back({.stream = name, .expected_version = 0, .records = one});
            more.push_back({.stream = name, .expected_version = 1, .records = three});
        }
        for (const auto& appends : {begun, more}) {
            auto batch = transaction::begin(*opened);
            REQUIRE(batch);
            REQUIRE(journal.append_all(appends));
            REQUIRE(batch->commit());
        }
        for (const auto& name : names) CHECK(*journal.read(name, 0, 9) == records(1, 4));
    }
}

TEST_CASE("a stream may come more than once in a batch") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("old", 0, records(1, 2)));
    const auto third = records(3, 1);
    const auto fourth = records(4, 2);
    const auto first = records(1, 1);
    const auto second = records(2, 1);
    const std::vector<stream_append> appends = {{"old", 2, third},
                                                {"new", 0, first},
                                                {"none", 7, {}},
                                                {"old", 3, fourth},
                                                {"new", 1, second}};
    auto batch = transaction::begin(*opened);
    REQUIRE(batch);
    REQUIRE(journal.append_all(appends));
    REQUIRE(batch->commit());
    CHECK(*journal.read("old", 0, 9) == records(1, 5));
    CHECK(*journal.read("new", 0, 9) == records(1, 2));
    CHECK(*journal.version("none") == 0);
}

TEST_CASE("one append of a batch that expects another version makes the batch a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    const auto first = records(1, 2);
    const auto next = records(3, 1);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < 70; ++i) {
        names.push_back("s" + std::to_string(i));
        REQUIRE(journal.append(names.back(), 0, first));
    }
    const auto conflicts = [&](std::span<const stream_append> appends) {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        return code_of(journal.append_all(appends)) == error_code::conflict;
    };
    for (const std::size_t streams : {1u, 2u, 5u, 64u, 70u}) {
        // Begun again, behind, ahead of, and far from where the stream is.
        for (const std::uint64_t expected : {0u, 1u, 3u, 100u}) {
            CAPTURE(streams, expected);
            std::vector<stream_append> appends;
            for (std::size_t i = 0; i < streams; ++i) appends.push_back({names[i], 2, next});
            appends.back().expected_version = expected;
            CHECK(conflicts(appends));
            // Its second append wrong, while the first is right.
            appends.back().expected_version = 2;
            appends.push_back({names[streams - 1], expected == 3 ? 4 : expected, next});
            CHECK(conflicts(appends));
        }
    }
    for (const auto& name : names) CHECK(*journal.version(name) == 2);
}

TEST_CASE("a batch does not bring a removed stream back") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    REQUIRE(journal.append("s", 0, records(1, 3)));
    REQUIRE(journal.remove("s"));
    const auto next = records(4, 1);
    const std::vector<stream_append> appends = {{"s", 3, next}};
    {
        auto batch = transaction::begin(*opened);
        REQUIRE(batch);
        CHECK(code_of(journal.append_all(appends)) == error_code::conflict);
    }
    CHECK(*journal.version("s") == 0);
}

TEST_CASE("a record of ten mebibytes is kept") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    journal_repository journal(*opened);
    auto large = records(1, 1);
    large.front().payload.assign(10 * 1024 * 1024, 'x');
    REQUIRE(journal.append("s", 0, large));
    const auto found = journal.read("s", 0, 1);
    REQUIRE(found);
    CHECK((*found == large));
}

TEST_CASE("a journal that somebody damaged is a failure, not a surprise") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    REQUIRE(
        opened->execute("INSERT INTO journal (stream, version, kind, payload, at) "
                        "VALUES ('s', -1, 'k', '{}', 0)"));
    CHECK(code_of(journal_repository(*opened).read_back("s", newest, 1)) == error_code::internal);
}
