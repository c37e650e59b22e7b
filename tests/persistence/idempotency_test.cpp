#include "persistence/idempotency.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

idempotency_row request(const std::string& user_id, const std::string& key, std::int64_t when) {
    return {.user_id = user_id,
            .key = key,
            .fingerprint = "f",
            .conversation_id = "cnv_a",
            .turn_id = "trn_1",
            .at = at(when)};
}

}  // namespace

TEST_CASE("a key is taken once for a user") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    idempotency_repository requests(*opened);
    CHECK(*requests.find("usr_1", "k") == std::nullopt);
    REQUIRE(requests.insert(request("usr_1", "k", 1)));
    CHECK(*requests.find("usr_1", "k") == request("usr_1", "k", 1));
    CHECK(code_of(requests.insert(request("usr_1", "k", 2))) == error_code::conflict);
    CHECK(requests.insert(request("usr_2", "k", 2)));
}

TEST_CASE("old keys are removed") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    idempotency_repository requests(*opened);
    for (int i = 0; i < 5; ++i) {
        REQUIRE(requests.insert(request("usr_1", std::to_string(i), i)));
    }
    CHECK(*requests.remove_before(at(3)) == 3);
    CHECK(*requests.remove_before(at(3)) == 0);
    CHECK(*requests.find("usr_1", "2") == std::nullopt);
    CHECK(*requests.find("usr_1", "3") != std::nullopt);
}
