#include "persistence/vault/sealing_key.hpp"

#include "persistence/settings.hpp"
#include "tests/persistence/test_store.hpp"
#include "tests/persistence/vault/octets.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

const std::string first_secret = "the first secret, of 32 bytes or more";
const std::string second_secret = "the second secret, of 32 bytes or more";
constexpr auto purpose = sealed_columns_purpose;

result<std::string> claim(database& on, vault& keys, std::uint64_t count) {
    auto change = transaction::begin(on);
    if (!change) return change.error();
    auto key = sealing_key_repository(on, purpose).claim(keys, count);
    if (!key) return key;
    if (auto done = change->commit(); !done) return done.error();
    return key;
}

result<void> replace(database& on, const std::string& key_id) {
    auto change = transaction::begin(on);
    if (!change) return change.error();
    if (auto done = sealing_key_repository(on, purpose).replace(key_id); !done) return done;
    return change->commit();
}

}  // namespace

TEST_CASE("the first who seals says with which key, and all are counted", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    sealing_key_repository sealing(*opened, purpose);
    CHECK(*sealing.find() == std::nullopt);
    const auto old = vault_of({first_secret});
    const auto both = vault_of({second_secret, first_secret});
    CHECK(*claim(*opened, *old, 2) == old->newest());
    // Whoever knows a newer secret uses the one that seals all the same.
    CHECK(*claim(*opened, *both, 3) == old->newest());
    CHECK(*sealing.find() == sealing_key{.id = old->newest(), .sealed = 5});
    CHECK(*sealing_key_repository(*opened, "another purpose").find() == std::nullopt);
}

TEST_CASE("a key that was replaced seals no more", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    sealing_key_repository sealing(*opened, purpose);
    const auto old = vault_of({first_secret});
    const auto both = vault_of({second_secret, first_secret});
    REQUIRE(claim(*opened, *old, 2));
    REQUIRE(replace(*opened, both->newest()));
    CHECK(*sealing.find() == sealing_key{.id = both->newest(), .sealed = 0});
    CHECK(code_of(claim(*opened, *old, 1)) == error_code::unavailable);
    CHECK(*claim(*opened, *both, 4) == both->newest());
    // One that seals already goes on counting.
    REQUIRE(replace(*opened, both->newest()));
    CHECK(*sealing.find() == sealing_key{.id = both->newest(), .sealed = 4});
}

TEST_CASE("a key is said before anything was sealed", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    const auto both = vault_of({second_secret, first_secret});
    REQUIRE(replace(*opened, both->known().at(1)));
    CHECK(*claim(*opened, *both, 1) == both->known().at(1));
}

TEST_CASE("a claim that is rolled back counts nothing", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    const auto keys = vault_of({first_secret});
    {
        auto change = transaction::begin(*opened);
        REQUIRE(change);
        REQUIRE(sealing_key_repository(*opened, purpose).claim(*keys, 7));
    }
    CHECK(*sealing_key_repository(*opened, purpose).find() == std::nullopt);
}

TEST_CASE("a key seals 2^32 values and not one more", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    const auto keys = vault_of({first_secret});
    const auto both = vault_of({second_secret, first_secret});
    CHECK(code_of(claim(*opened, *keys, most_seals_of_a_key + 1)) == error_code::unavailable);
    REQUIRE(claim(*opened, *keys, most_seals_of_a_key - 1));
    CHECK(code_of(claim(*opened, *keys, 2)) == error_code::unavailable);
    REQUIRE(claim(*opened, *keys, 1));
    const auto refused = claim(*opened, *keys, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("replaced") != std::string::npos);
    REQUIRE(replace(*opened, both->newest()));
    CHECK(claim(*opened, *both, 1));
}

TEST_CASE("a sealing key that somebody else wrote cannot be read", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    const auto keys = vault_of({first_secret});
    for (const auto* text :
         {"", "key", "key ", "key x", "key 1x", "key -1", "key 99999999999999999999"}) {
        CAPTURE(text);
        REQUIRE(settings_repository(*opened).put("sealing key of " + std::string(purpose), text));
        CHECK(code_of(claim(*opened, *keys, 1)) == error_code::internal);
    }
}

TEST_CASE("who replaces the key waits for those that have claimed it", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    auto other = store.open();
    const auto keys = vault_of({first_secret});
    const auto next = vault_of({second_secret})->newest();
    REQUIRE(claim(*opened, *keys, 1));
    std::atomic<bool> committed = false;
    auto change = transaction::begin(*opened);
    REQUIRE(change);
    REQUIRE(sealing_key_repository(*opened, purpose).claim(*keys, 1));
    bool after = false;
    result<void> replaced;
    std::thread replacing([&] {
        replaced = replace(*other, next);
        after = committed;
    });
    REQUIRE(settings_repository(*opened).put("written by", "the one who claimed"));
    committed = true;
    REQUIRE(change->commit());
    replacing.join();
    REQUIRE(replaced);
    CHECK(after);
    CHECK(*settings_repository(*other).find("written by") == "the one who claimed");
    CHECK(code_of(claim(*opened, *keys, 1)) == error_code::unavailable);
}

TEST_CASE("many claim at once, and none is lost", "[vault]") {
    const std::string driver = GENERATE(from_range(drivers()));
    test_store store(driver);
    (void)store.open();
    const auto keys = vault_of({first_secret});
    std::vector<std::unique_ptr<database>> connections;
    connections.reserve(4);
    for (int i = 0; i < 4; ++i) connections.push_back(store.open());
    std::atomic<std::uint64_t> claimed = 0;
    std::vector<std::thread> threads;
    threads.reserve(connections.size());
    for (auto& on : connections) {
        threads.emplace_back([&, connection = on.get()] {
            for (int i = 0; i < 25; ++i) {
                if (claim(*connection, *keys, 3)) claimed += 3;
            }
        });
    }
    for (auto& each : threads) each.join();
    const auto key = sealing_key_repository(*connections.front(), purpose).find();
    REQUIRE(key);
    CHECK(*key == sealing_key{.id = keys->newest(), .sealed = claimed});
    CHECK(claimed == 300);
}
