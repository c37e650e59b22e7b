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
