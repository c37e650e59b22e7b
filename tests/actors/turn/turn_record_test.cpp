#include "runtime/metrics.hpp"
#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

constexpr auto conv = "cnv_12345678";

std::uint64_t ended(turn_end::status how) { return meters().turns_ended[how].value(); }

void answer(scripted_model::call& call, const std::string& text,
            std::chrono::microseconds elapsed) {
    call.sink(model_reply{text, {}, model_finish::stop, std::nullopt, elapsed});
}

}  // namespace

TEST_CASE_METHOD(actor_world, "overheadMs is the turn's time without the model's") {
    auto client = connect();
    send(client, message("good morning", conv));
    advance(250ms);
    answer(*model->calls.at(0), "hello", 200ms);
    settle();
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].overhead_ms == 50);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "overheadMs leaves out every call of the model, failed ones too") {
    auto client = connect();
    send(client, message("remember that my sister is Anna", conv));
    advance(100ms);
    // Too long for the model: the turn asks again with less.
    model->calls.at(0)->sink(model_failure{error_category::context_too_large, "", 400, {}, 90ms});
    settle();
    advance(200ms);
    answer(*model->calls.at(1), "", 180ms);
    settle();
    advance(300ms);
    answer(*model->calls.at(2), "done", 295ms);
    settle();
    auto completed = client.news->all<turn_completed>();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].overhead_ms == 10 + 20 + 5);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "overheadMs is never below zero, whatever the model claims") {
    auto client = connect();
    send(client, message("good morning", conv));
    answer(*model->calls.at(0), "hello", 10s);
    settle();
    CHECK(client.news->all<turn_completed>().at(0).overhead_ms == 0);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a caller's trace reaches the model one span further down") {
    const auto traced =
        parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    auto client = connect();
    auto asked = message("good morning", conv);
    asked.origin = {"req_1", traced};
    send(client, asked);
    const auto origin = model->calls.at(0)->request.origin;
    REQUIRE(origin.trace);
    CHECK(origin.trace->trace == traced->trace);
    CHECK(origin.trace->parent != traced->parent);
    CHECK(origin.trace->sampled);
    CHECK(origin.request_id == "req_1");
    CHECK(origin.conversation_id == conv);
    CHECK(origin.turn_id == client.news->accepted_turns.at(0).turn_id);
    answer(*model->calls.at(0), "hello", 0s);
    settle();
    // One that comes without a trace gets none.
    send(client, message("and now", conv));
    CHECK_FALSE(model->calls.at(1)->request.origin.trace);
    answer(*model->calls.at(1), "hello", 0s);
    settle();
    leave(client);
}

TEST_CASE_METHOD(actor_world,
                 "turns are counted by how they end, and those that run as long as they do") {
    const auto started = meters().turns_started.value();
    const auto running = meters().turns_running.value();
    const auto complete = ended(turn_end::status::complete);
    const auto failed = ended(turn_end::status::failed);
    const auto cancelled = ended(turn_end::status::cancelled);
    const auto timeouts = meters().turns_failed[error_code::upstream_timeout].value();
    auto client = connect();
    send(client, message("one", conv));
    CHECK(meters().turns_started.value() == started + 1);
    CHECK(meters().turns_running.value() == running + 1);
    answer(*model->calls.at(0), "hello", 0s);
    settle();
    CHECK(ended(turn_end::status::complete) == complete + 1);
    CHECK(meters().turns_running.value() == running);
    send(client, message("two", conv));
    model->calls.at(1)->fail(error_category::timeout);
    settle();
    CHECK(ended(turn_end::status::failed) == failed + 1);
    CHECK(meters().turns_failed[error_code::upstream_timeout].value() == timeouts + 1);
    send(client, message("three", conv));
    caf::anon_send(client.session, session_command{session_cancel{
                                       "9", {anna.id, client.news->accepted_turns.at(2).turn_id}}});
    settle();
    CHECK(ended(turn_end::status::cancelled) == cancelled + 1);
    CHECK(meters().turns_running.value() == running);
    leave(client);
}

TEST_CASE_METHOD(actor_world, "a turn that a crash cut off counts as taken up") {
    const auto taken_up = meters().turns_taken_up.value();
    const auto commits = meters().commits.value();
    const auto records = meters().records.value();
    auto client = connect();
    send(client, message("one", conv));
    CHECK(meters().commits.value() > commits);
    CHECK(meters().records.value() > records);
    leave(client);
    crash();
    CHECK(meters().turns_taken_up.value() == taken_up + 1);
    answer(*model->calls.at(0), "hello", 0s);
    settle();
}

TEST_CASE_METHOD(actor_world, "calls of tools count under their names, unknown ones under one") {
    auto& known = meters().tools["memory_remember"];
    auto& unknown = meters().tools["unknown"];
    const auto ok = known.calls[tool_status::ok].value();
    const auto bad = known.calls[tool_status::failed].value();
    const auto strange = unknown.calls[tool_status::failed].value();
    auto client = connect();
    send(client, message("remember that my sister is Anna", conv));
    model->calls.at(0)->end(
        "", {{"1", "memory_remember", R"({"key":"sister","content":"her name is Anna"})"},
             {"2", "memory_remember", "not json"},
             {"3", "a_name_of_the_model's_own", "{}"}});
    settle();
    CHECK(known.calls[tool_status::ok].value() == ok + 1);
    CHECK(known.calls[tool_status::failed].value() == bad + 1);
    CHECK(unknown.calls[tool_status::failed].value() == strange + 1);
    CHECK(meters().text().find("of_the_model") == std::string::npos);
    leave(client);
}
