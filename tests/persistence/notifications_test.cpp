#include "persistence/notifications.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

notification_row approval(const std::string& id, std::int64_t created = 0) {
    return {.id = id,
            .user_id = "usr_1",
            .about_user_id = "usr_2",
            .type = "delegation.approval",
            .subject = "bkg_1",
            .title = "Ada wants to meet",
            .payload = R"({"bookingId":"bkg_1"})",
            .actions = R"(["approve","refuse"])",
            .created_at = at(created),
            .expires_at = at(1000)};
}

bool same(notification_row a, const notification_row& b) {
    using nlohmann::json;
    const bool documents = json::parse(a.payload) == json::parse(b.payload) &&
                           json::parse(a.actions) == json::parse(b.actions);
    a.payload = b.payload;
    a.actions = b.actions;
    return documents && a == b;
}

std::vector<std::string> ids(const std::vector<notification_row>& found) {
    std::vector<std::string> all;
    all.reserve(found.size());
    for (const auto& each : found) all.push_back(each.id);
    return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a notification is found by whom it is for") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    notification_repository notifications(*opened);
    REQUIRE(notifications.create(approval("ntf_1")));
    CHECK(code_of(notifications.create(approval("ntf_1"))) == error_code::conflict);
    const auto found = notifications.find("usr_1", "ntf_1");
    REQUIRE(found);
    REQUIRE(*found);
    CHECK(same(**found, approval("ntf_1")));
    CHECK(*notifications.find("usr_2", "ntf_1") == std::nullopt);
}

TEST_CASE("notifications are listed by state in pages, newest first") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    notification_repository notifications(*opened);
    for (int i = 1; i <= 4; ++i) {
        REQUIRE(notifications.create(approval("ntf_" + std::to_string(i), i)));
    }
    REQUIRE(notifications.resolve("usr_1", "ntf_3", R"({"action":"approve"})", at(5)));
    constexpr auto open = notification_state::open;
    const auto first = notifications.list("usr_1", open, 2, {});
    REQUIRE(first);
    CHECK(ids(first->items) == list{"ntf_4", "ntf_2"});
    REQUIRE(first->next_cursor);
    const auto second = notifications.list("usr_1", open, 2, first->next_cursor);
    REQUIRE(second);
    CHECK(ids(second->items) == list{"ntf_1"});
    CHECK_FALSE(second->next_cursor);
    CHECK(ids(notifications.list("usr_1", notification_state::resolved, 9, {})->items) ==
          list{"ntf_3"});
    CHECK(notifications.list("usr_1", {}, 9, {})->items.size() == 4);
    CHECK(notifications.list("usr_2", {}, 9, {})->items.empty());
}

TEST_CASE("a notification is resolved once, in time, by whom it is for") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    notification_repository notifications(*opened);
    REQUIRE(notifications.create(approval("ntf_1")));
    const auto resolve = [&](const std::string& user, std::int64_t now) {
        return code_of(notifications.resolve(user, "ntf_1", R"({"action":"approve"})", at(now)));
    };
    CHECK(resolve("usr_2", 5) == error_code::not_found);
    CHECK(resolve("usr_1", 1000) == error_code::gone);
    CHECK(resolve("usr_1", 5) == std::nullopt);
    CHECK(resolve("usr_1", 6) == error_code::conflict);
    const auto left = **notifications.find("usr_1", "ntf_1");
    CHECK(left.state == notification_state::resolved);
    CHECK(left.closed_at == at(5));
    REQUIRE(left.resolution);
    CHECK(nlohmann::json::parse(*left.resolution) == nlohmann::json{{"action", "approve"}});
}

TEST_CASE("notifications whose time is over are closed in parts") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    notification_repository notifications(*opened);
    auto never = approval("ntf_0");
    never.expires_at.reset();
    REQUIRE(notifications.create(never));
    for (int i = 1; i <= 4; ++i) {
        auto one = approval("ntf_" + std::to_string(i));
        one.expires_at = at(10 * i);
        REQUIRE(notifications.create(one));
    }
    CHECK(notifications.expire(at(9), 9)->empty());
    CHECK(ids(*notifications.expire(at(30), 2)) == list{"ntf_1", "ntf_2"});
    const auto rest = notifications.expire(at(30), 2);
    REQUIRE(rest);
    CHECK(ids(*rest) == list{"ntf_3"});
    CHECK(rest->front().state == notification_state::expired);
    CHECK(rest->front().closed_at == at(30));
    CHECK(notifications.expire(at(30), 2)->empty());
    CHECK(code_of(notifications.resolve("usr_1", "ntf_1", "{}", at(31))) == error_code::gone);
    CHECK(notifications.resolve("usr_1", "ntf_0", "{}", at(9999)));
}
