#include "domain/workflow/telling.hpp"
#include "tests/actors/workflow/told_world.hpp"

namespace perin::test {

using namespace runtime;
using persistence::test::drivers;

namespace {

struct world : told_world {
    world() {
        define("asks", {"work", "ask", "work"});
        begin_on(GENERATE(from_range(drivers())));
    }

    command_workflow answering(const std::string& id, nlohmann::json with,
                               std::vector<std::string> conversations) const {
        command_workflow out;
        out.id = id;
        out.user_id = anna.id;
        out.conversations = std::move(conversations);
        out.order = answer_step{"s2", std::move(with), "trn_2/call_1"};
        out.by_guest = true;
        return out;
    }
    /// What the whole history tells, folded from its beginning.
    std::vector<event_body> told_at_once(const workflow::account_of& of) {
        workflow::workflow_state before(*book->find(of.is.kind, of.is.definition_version));
        std::vector<event_body> out;
        for (const auto& one : of.history) {
            for (auto& body : workflow::told_of(of.is.id, before, one.what))
                out.push_back(std::move(body));
            before.apply(one.what, one.at);
        }
        return out;
    }
};

error_code code_of(const workflow_world::reply& answer) {
    REQUIRE_FALSE(answer);
    return answer.error().code;
}

}  // namespace

TEST_CASE_METHOD(world, "whoever waits until a workflow rests is answered after it is told") {
    heard->holds = true;
    auto pending = self->request(workflows, 60s, beginning("asks", 10s));
    settle();
    // It rests, and two tellings are to be made: of the beginning, and of what followed meanwhile.
    CHECK(now(beginning("asks").id).is.status == workflow::status::waiting);
    CHECK_FALSE(has_mail());
    release_telling();
    CHECK_FALSE(has_mail());
    CHECK(heard->owed.size() == 1);
    release_telling();
    REQUIRE(has_mail());
    pending.receive([&](reply& rests) { CHECK(rests->is.status == workflow::status::waiting); },
                    [&](const caf::error& why) { FAIL(system.render(why)); });
    CHECK((heard->bodies() == told_at_once(now(beginning("asks").id))));
}

TEST_CASE_METHOD(world, "an answer and a look wait for the telling too") {
    REQUIRE(ask<reply>(workflows, beginning("asks", 10s)));
    const auto id = beginning("asks").id;
    heard->holds = true;
    auto ordered = answering(id, 7, {"cnv_00000001"});
    ordered.until_it_rests = 10s;
    auto pending = self->request(workflows, 60s, ordered);
    settle();
    CHECK_FALSE(has_mail());
    auto looking = self->request(workflows, 60s, find_workflow{id, anna.id, 10s});
    settle();
    CHECK_FALSE(has_mail());
    while (!heard->owed.empty()) release_telling();
    const auto is_over = [&](reply& rests) {
        REQUIRE(rests);
        CHECK(rests->is.status == workflow::status::completed);
    };
    const auto lost = [&](const caf::error& why) { FAIL(system.render(why)); };
    pending.receive(is_over, lost);
    looking.receive(is_over, lost);
    CHECK((heard->bodies() == told_at_once(now(id))));
}

TEST_CASE_METHOD(world, "a telling that has to be tried again keeps nobody waiting") {
    heard->fails = failure{error_code::unavailable, "later"};
    const auto rests = ask<reply>(workflows, beginning("asks", 10s));
    REQUIRE(rests);
    CHECK(rests->is.status == workflow::status::waiting);
    CHECK(heard->heard.empty());
    // It is told once that is possible, and all of it once.
    heard->fails.reset();
    for (int i = 0; i < 5; ++i) pass(1s);
    CHECK((heard->bodies() == told_at_once(now(rests->is.id))));
}

TEST_CASE_METHOD(world, "nobody waits for a telling longer than they have asked to") {
    heard->holds = true;
    auto pending = self->request(workflows, 60s, beginning("asks", 3s));
    settle();
    pass(2s);
    CHECK_FALSE(has_mail());
    pass(2s);
    REQUIRE(has_mail());
    pending.receive([&](reply& rests) { CHECK(rests->is.status == workflow::status::waiting); },
                    [&](const caf::error& why) { FAIL(system.render(why)); });
}

TEST_CASE_METHOD(world, "what is told is the same whenever it is told, also after a crash") {
    const auto id = beginning("asks").id;
    const bool crashes = GENERATE(false, true);
    const auto may_crash = [&] {
        if (!crashes) return;
        heard->heard.clear();
        heard->told = 0;
        crash();
    };
    REQUIRE(ask<reply>(workflows, beginning("asks")));
    settle();
    may_crash();
    REQUIRE(order(id, pause_workflow{"lunch"}));
    REQUIRE(ask<reply>(workflows, answering(id, 7, {"cnv_00000001"})));
    may_crash();
    REQUIRE(order(id, resume_workflow{}));
    CHECK(status(id) == "completed");
    CHECK(heard->bodies().size() > 10);
    CHECK((heard->bodies() == told_at_once(now(id))));
}

TEST_CASE_METHOD(world, "a guest answers what was begun in a conversation of theirs, and no more") {
    const auto id = beginning("asks").id;
    REQUIRE(ask<reply>(workflows, beginning("asks", 10s)));
    for (const auto& elsewhere : {std::vector<std::string>{}, {"cnv_other"}})
        CHECK(code_of(ask<reply>(workflows, answering(id, 7, elsewhere))) == error_code::not_found);
    auto pausing = answering(id, 7, {"cnv_00000001"});
    pausing.order = pause_workflow{};
    CHECK(code_of(ask<reply>(workflows, pausing)) == error_code::forbidden);
    REQUIRE(ask<reply>(workflows, answering(id, 7, {"cnv_other", "cnv_00000001"})));
    settle();
    const auto done = now(id);
    CHECK(done.is.status == workflow::status::completed);
    const auto answer = std::ranges::find_if(done.history, [](const auto& one) {
        return std::holds_alternative<workflow::step_answered>(one.what);
    });
    REQUIRE(answer != done.history.end());
    CHECK(std::get<workflow::step_answered>(answer->what).by == "trn_2/call_1");
}

}  // namespace perin::test
