#include "domain/workflow/answer_fate.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::workflow;

namespace {

std::vector<past_event> history(std::vector<event> events) {
    std::vector<past_event> out;
    for (auto& each : events) out.push_back({out.size() + 1, std::move(each), {}});
    return out;
}

}  // namespace

TEST_CASE("what became of an answer is found by the call that gave it") {
    const step_waits again{"slot", waits_for::answer, {}, {{"refused", true}}};
    const auto all = history({
        step_started{"slot", 1},
        step_waits{"slot", waits_for::answer},
        step_answered{"slot", 1, "a"},
        step_started{"slot", 1},
        step_failed{"slot", error_code::unavailable, "away", timestamp{}},
        step_done{"other", "x"},
        again,
        step_answered{"slot", 2, "b"},
        step_done{"slot", "y"},
        step_answered{"late", 3, "c"},
    });
    CHECK_FALSE(fate_of_answer(all, "slot", "z"));
    CHECK_FALSE(fate_of_answer(all, "other", "a"));
    CHECK(std::get<step_waits>(*fate_of_answer(all, "slot", "a")) == again);
    CHECK(std::get<step_done>(*fate_of_answer(all, "slot", "b")).outcome == "y");
    CHECK(std::holds_alternative<std::monostate>(*fate_of_answer(all, "late", "c")));
}

TEST_CASE("an answer whose attempt is to be made again has no fate yet, and one that failed has") {
    auto all = history({step_waits{"slot", waits_for::answer}, step_answered{"slot", 1, "a"},
                        step_failed{"slot", error_code::unavailable, "away", timestamp{}}});
    CHECK(std::holds_alternative<std::monostate>(*fate_of_answer(all, "slot", "a")));
    all.push_back({4, step_failed{"slot", error_code::gone, "over"}, {}});
    CHECK(std::get<step_failed>(*fate_of_answer(all, "slot", "a")).code == error_code::gone);
}

TEST_CASE("the key of a call is written with the answer, and read again") {
    const event with_key = step_answered{"slot", {{"start", 1}}, "trn_1/call_1"};
    CHECK(event_of(kind_of(with_key), to_json(with_key)) == with_key);
    const event without = step_answered{"slot", 7};
    CHECK_FALSE(to_json(without).contains("by"));
    CHECK(event_of(kind_of(without), to_json(without)) == without);
}
