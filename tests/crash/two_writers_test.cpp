#include "persistence/journal.hpp"
#include "tests/crash/number_of.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <barrier>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;
using perin::test::number_of;

namespace {

const std::string contested = "contested";

enum class outcome { won, lost, broken };

/// One attempt to be the writer of a version. What the database gave up is tried again.
outcome write(database& db, std::uint64_t version, const std::string& who) {
    for (int tries = 0; tries < 100; ++tries) {
        auto all = transaction::begin(db);
        if (!all) {
            if (all.error().code == error_code::unavailable) continue;
            return outcome::broken;
        }
        const std::array records{journal_record{0, who, "{}", timestamp{}},
                                 journal_record{0, who, "{}", timestamp{}}};
        auto done = journal_repository(db).append(contested, version, records);
        if (done) done = all->commit();
        if (done) return outcome::won;
        if (done.error().code == error_code::conflict) return outcome::lost;
        if (done.error().code != error_code::unavailable) return outcome::broken;
    }
    return outcome::broken;
}

}  // namespace

// PERIN_WRITER_ROUNDS says for how many versions they compete.
TEST_CASE("of two writers of a stream exactly one has each version") {
    const std::string driver = GENERATE(from_range(drivers()));
    const auto rounds = number_of("PERIN_WRITER_ROUNDS", 2'000);
    INFO(driver);
    test_store store(driver);
    const std::array<std::string, 2> names{"first", "second"};
    std::array<std::unique_ptr<database>, 2> connections{store.open(), store.open_empty()};
    std::array<std::vector<outcome>, 2> outcomes;
    std::barrier both(2);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 2; ++i)
        threads.emplace_back([&, i] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                both.arrive_and_wait();
                outcomes[i].push_back(write(*connections[i], 2 * round, names[i]));
            }
        });
    for (auto& one : threads) one.join();

    std::array<std::size_t, 2> wins{};
    std::uint64_t version = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        INFO("round " << round);
        const auto first = outcomes[0][round];
        REQUIRE(first != outcome::broken);
        REQUIRE(outcomes[1][round] == (first == outcome::won ? outcome::lost : outcome::won));
        const auto winner = first == outcome::won ? 0U : 1U;
        ++wins[winner];
        auto records = journal_repository(*connections[0]).read(contested, version, 2);
        REQUIRE(records);
        REQUIRE(records->size() == 2);
        for (const auto& one : *records) {
            REQUIRE(one.version == ++version);
            REQUIRE(one.kind == names[winner]);
        }
    }
    CHECK(*journal_repository(*connections[0]).version(contested) == version);
    WARN(driver << ": of " << rounds << " rounds the first won " << wins[0] << ", the second "
                << wins[1]);
}
