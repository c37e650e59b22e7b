#include "domain/workflow/replay.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::workflow;

namespace {

timestamp at(int second) { return timestamp{} + std::chrono::seconds{second}; }

definition asks() {
    definition out{"asks", 2, {}};
    out.steps.push_back({"first", "First"});
    out.steps.push_back({"second", "Second"});
    return out;
}

/// As an engine writes them.
std::vector<journal_record> records_of(const std::vector<event>& events) {
    std::vector<journal_record> out;
    for (const auto& each : events) {
        out.push_back(record_of(each, at(static_cast<int>(out.size()))));
        out.back().version = out.size();
    }
    return out;
}

const std::vector<event> waiting{
    begun{"asks", 2, {{"a", 1}}, told_in{"cnv_1", "trn_1", "they want to meet", 0.9}},
    step_started{"first", 1},
    step_done{"first", {{"free", 3}}},
    step_started{"second", 1},
    step_waits{"second", waits_for::answer, at(900), {{"slots", {1, 2}}}},
};

const summary is{"wfl_1", "usr_1", "asks", 2};

}  // namespace

TEST_CASE("a workflow is what its records come to") {
    const auto of = asks();
    const auto found = replay(is, &of, history_of(records_of(waiting)));
    REQUIRE(found);
    const auto told = account(is, found->state, found->history);
    CHECK(told.is.status == status::waiting);
    CHECK(told.is.conversation_id == "cnv_1");
    CHECK(told.is.turn_id == "trn_1");
    CHECK(told.is.created_at == at(0));
    CHECK(told.is.updated_at == at(4));
    REQUIRE(told.is.waits);
    CHECK(*told.is.waits == step_waits{"second", waits_for::answer, at(900)});
    const auto shown = to_json(told);
    CHECK(shown.at("waitsFor") == "answer");
    CHECK(shown.at("status") == "waiting");
    CHECK(shown.at("steps").at(1).at("result") == nlohmann::json{{"slots", {1, 2}}});
    CHECK(shown.at("history").size() == 5);
    CHECK(shown.at("history").at(3) == nlohmann::json{{"at", to_rfc3339(at(3))},
                                                      {"event", "step.started"},
                                                      {"stepId", "second"},
                                                      {"attempt", 1},
                                                      {"detail", nullptr}});
}

TEST_CASE("the row of a list is read back as it was") {
    const auto of = asks();
    const auto found = replay(is, &of, history_of(records_of(waiting)));
    REQUIRE(found);
    const auto written = summarize(is, found->state, found->history);
    const auto row = row_of(written);
    CHECK(row.state == "waiting");
    CHECK(row.tells);
    CHECK(summary_of(stream_of("wfl_1"), row, at(0), at(4)) == written);
    auto bad = row;
    bad.summary = "[]";
    CHECK_FALSE(summary_of(stream_of("wfl_1"), bad, at(0), at(4)));
    bad = row;
    bad.state = "asleep";
    CHECK_FALSE(summary_of(stream_of("wfl_1"), bad, at(0), at(4)));
}

TEST_CASE("records that the program does not know end the reading, and say so") {
    auto records = records_of(waiting);
    records[3].kind = "step.dreamt";
    const auto history = history_of(records);
    CHECK_FALSE(history.whole);
    CHECK(history.events.size() == 3);
    const auto of = asks();
    const auto refused = replay(is, &of, history);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == error_code::conflict);
    records = records_of(waiting);
    records[1].payload = "{";
    CHECK_FALSE(history_of(records).whole);
    const auto unknown = replay(is, nullptr, history_of(records_of(waiting)));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().detail ==
          "the workflow began with version 2 of asks, which this program does not have");
}
