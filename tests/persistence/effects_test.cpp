#include "persistence/effects.hpp"

#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

effect_row effect(const std::string& id, const std::string& key = "key") {
    return {.id = id,
            .subject = "workflow/usr_1/wfl_1",
            .step_id = "create_event",
            .user_id = "usr_1",
            .kind = "calendar.create",
            .idempotency_key = key,
            .request = R"({"title":"Intro call"})",
            .created_at = at(1),
            .updated_at = at(1)};
}

std::vector<std::string> ids(const result<std::vector<effect_row>>& found) {
    std::vector<std::string> all;
    if (found) {
        for (const auto& each : *found) all.push_back(each.id);
    }
    return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("an intention with the same key is the one that is there") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    effect_repository effects(*opened);
    const auto first = effects.intend(effect("e1"));
    REQUIRE(first);
    CHECK(first->fresh);
    CHECK(first->effect == effect("e1"));

    REQUIRE(effects.complete("e1", R"({"eventId":"evt_1"})", at(2)));
    auto changes = transaction::begin(*opened);
    REQUIRE(changes);
    const auto again = effects.intend(effect("e2"));
    REQUIRE(again);
    CHECK_FALSE(again->fresh);
    CHECK(again->effect.id == "e1");
    CHECK(again->effect.state == effect_state::completed);
    CHECK(again->effect.outcome == R"({"eventId":"evt_1"})");
    CHECK(again->effect.updated_at == at(2));
    // The transaction goes on.
    CHECK(effects.intend(effect("e3", "other"))->fresh);
    REQUIRE(changes->commit());
    CHECK(*effects.find("e2") == std::nullopt);
    CHECK((*effects.find("e3"))->idempotency_key == "other");
}

TEST_CASE("a key that was used for another effect is a conflict") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    effect_repository effects(*opened);
    REQUIRE(effects.intend(effect("e1")));
    auto other = effect("e2");
    SECTION("another request") { other.request = R"({"title":"Lunch"})"; }
    SECTION("another kind") { other.kind = "mail.send"; }
    SECTION("another step") { other.step_id = "confirm"; }
    SECTION("another workflow") { other.subject = "workflow/usr_1/wfl_2"; }
    CHECK(code_of(effects.intend(other)) == error_code::conflict);
}

TEST_CASE("an effect goes only where its state lets it") {
    struct move {
        const char* name;
        result<void> (*go)(effect_repository&);
        effect_state to;
    };
    static constexpr auto again = [](effect_repository& on) -> result<void> {
        const auto number = on.try_again("e1", 1, at(9));
        if (!number) return number.error();
        CHECK(*number == 2);
        return {};
    };
    const std::vector<move> moves = {
        {"complete", [](auto& on) { return on.complete("e1", "{}", at(9)); },
         effect_state::completed},
        {"fail", [](auto& on) { return on.fail("e1", "{}", at(9)); }, effect_state::failed},
        {"mark_unknown", [](auto& on) { return on.mark_unknown("e1", at(9)); },
         effect_state::unknown},
        {"reconcile", [](auto& on) { return on.reconcile("e1", "{}", at(9)); },
         effect_state::reconciled},
        {"try_again", [](auto& on) { return again(on); }, effect_state::intended},
    };
    // By state: which of them may be done.
    const std::vector<std::pair<std::string, list>> allowed = {
        {"intended", {"complete", "fail", "mark_unknown"}},
        {"completed", {}},
        {"failed", {"try_again"}},
        {"unknown", {"reconcile", "try_again"}},
        {"reconciled", {}},
    };
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    effect_repository effects(*opened);
    REQUIRE(effects.intend(effect("e1")));
    for (const auto& [state, names] : allowed) {
        for (const auto& [name, go, to] : moves) {
            INFO(state << " " << name);
            REQUIRE(opened->execute("UPDATE effects SET state = $1, attempts = 1", {state}));
            const auto done = go(effects);
            const auto left = **effects.find("e1");
            if (std::ranges::find(names, name) != names.end()) {
                REQUIRE(done);
                CHECK(left.state == to);
                CHECK(left.updated_at == at(9));
            } else {
                CHECK(code_of(done) == error_code::conflict);
                CHECK(to_string(left.state) == state);
            }
        }
    }
    CHECK(code_of(effects.complete("none", "{}", at(9))) == error_code::conflict);
}

TEST_CASE("of two that try again one does, and the outcome before it is forgotten") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    effect_repository effects(*opened);
    REQUIRE(effects.intend(effect("e1")));
    REQUIRE(effects.fail("e1", R"({"code":"timeout"})", at(2)));
    CHECK(*effects.try_again("e1", 1, at(3)) == 2);
    CHECK((*effects.find("e1"))->outcome == std::nullopt);
    REQUIRE(effects.mark_unknown("e1", at(4)));
    CHECK(code_of(effects.try_again("e1", 1, at(5))) == error_code::conflict);
    CHECK(*effects.try_again("e1", 2, at(5)) == 3);
}

TEST_CASE("what is not settled is found in parts") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    effect_repository effects(*opened);
    for (const std::string id : {"e1", "e2", "e3", "e4"}) {
        REQUIRE(effects.intend(effect(id, "key of " + id)));
    }
    REQUIRE(effects.complete("e2", "{}", at(2)));
    REQUIRE(effects.mark_unknown("e3", at(2)));
    CHECK(ids(effects.unsettled(2, "")) == list{"e1", "e3"});
    CHECK(ids(effects.unsettled(2, "e3")) == list{"e4"});
    CHECK(ids(effects.unsettled(2, "e4")).empty());
    CHECK(ids(effects.of("workflow/usr_1/wfl_1")) == list{"e1", "e2", "e3", "e4"});
    CHECK(ids(effects.of("workflow/usr_1/wfl_2")).empty());
}
