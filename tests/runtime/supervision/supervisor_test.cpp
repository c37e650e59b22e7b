#include "runtime/supervision/supervisor.hpp"

#include "runtime/supervision/end_reason.hpp"
#include "runtime/supervision/prepare.hpp"
#include "tests/runtime/supervision/small_actors.hpp"
#include "tests/runtime/virtual_system.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;
using test::service_actor;

namespace {

/// A supervisor as root, and notes of all that starts, ends and is told.
struct nursery : test::virtual_system {
    std::vector<std::string> diary;
    std::map<std::string, actor_slot<service_actor>> slots;
    std::vector<std::string> gave_up;
    supervisor_actor root;
    bool root_is_down = false;

    ~nursery() {
        caf::anon_send_exit(root, caf::exit_reason::kill);
        settle();
    }

    child_spec child(const std::string& name, child_kind kind = child_kind::permanent,
                     bool stubborn = false) {
        return supervised(
            name, {kind, 5s, {}},
            [this, name, stubborn](caf::local_actor& parent) {
                diary.push_back("+" + name);
                return test::spawn_service(parent.system(), stubborn,
                                           [this, name] { diary.push_back("-" + name); });
            },
            slots[name]);
    }

    supervisor_plan plan(const std::string& name, restart_strategy strategy,
                         std::vector<child_spec> children) {
        supervisor_plan out;
        out.name = name;
        out.rules.strategy = strategy;
        out.children = std::move(children);
        out.observer = [this](const supervision_event& event) {
            using kind = supervision_event::kind;
            if (event.what == kind::abandoned) diary.push_back("?" + event.child);
            if (event.what == kind::failed_upward) diary.push_back("!" + event.supervisor);
        };
        return out;
    }

    void start(supervisor_plan what) {
        what.gave_up = [this](const std::string& why) { gave_up.push_back(why); };
        root = spawn_supervisor(system, std::move(what));
        self->monitor(root);
        settle();
    }

    std::string take_diary() {
        std::string out;
        for (const auto& one : std::exchange(diary, {})) out += (out.empty() ? "" : " ") + one;
        return out;
    }

    void breaks(const std::string& name) {
        caf::anon_send(slots.at(name).load(), test::break_down{});
        settle();
    }

    void leaves(const std::string& name) {
        caf::anon_send(slots.at(name).load(), test::leave_now{});
        settle();
    }

    std::string asked(const std::string& name) {
        auto got = ask<result<std::string>>(slots.at(name).load(), test::greet{name});
        return got ? *got : got.error().detail;
    }

    void stop() {
        caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
        settle();
    }

    /// Why the root ended; nothing while it has not.
    std::optional<std::string> end_of_root() {
        std::optional<std::string> out;
        self->receive([&](const caf::down_msg& down) { out = reason_text(down.reason); },
                      caf::after(0s) >> [] {});
        return out;
    }

    actor_report describe(std::chrono::milliseconds within = 1s) {
        auto pending = self->request(root, 60s, describe_actors{within, 200});
        settle();
        advance(within);
        std::optional<actor_report> out;
        pending.receive(
            [&](result<actor_report>& got) {
                REQUIRE(got);
                out = std::move(*got);
            },
            [&](const caf::error& why) { FAIL(system.render(why)); });
        return *out;
    }
};

}  // namespace

TEST_CASE_METHOD(nursery, "who begins anew in a running tree when the second dies") {
    struct row {
        restart_strategy strategy;
        const char* diary;
    };
    for (auto [strategy, expected] : {row{restart_strategy::one_for_one, "-b +b"},
                                      row{restart_strategy::one_for_all, "-b -c -a +a +b +c"},
                                      row{restart_strategy::rest_for_one, "-b -c +b +c"}}) {
        start(plan("root", strategy, {child("a"), child("b"), child("c")}));
        CHECK(take_diary() == "+a +b +c");
        breaks("b");
        CHECK(take_diary() == expected);
        for (const char* name : {"a", "b", "c"}) CHECK(asked(name) == "hello " + std::string(name));
        stop();
        CHECK(take_diary() == "-c -b -a");
        CHECK(end_of_root() == "user_shutdown");
    }
    CHECK(gave_up.empty());
}

TEST_CASE_METHOD(nursery, "a child starts again as its kind says") {
    start(plan("root", restart_strategy::one_for_one,
               {child("p"), child("t", child_kind::transient), child("x", child_kind::temporary)}));
    take_diary();
    for (const char* name : {"p", "t", "x"}) leaves(name);
    CHECK(take_diary() == "-p +p -t -x");
    auto report = describe();
    REQUIRE(report.children.size() == 3);
    CHECK(report.children[0].state == "running");
    CHECK(report.children[0].restarts == 1);
    CHECK(report.children[0].last_error.empty());
    CHECK(report.children[1].state == "finished");
    CHECK(report.children[2].state == "finished");
}

TEST_CASE_METHOD(nursery, "restarts wait longer and longer, and requests meanwhile fail at once") {
    start(plan("root", restart_strategy::one_for_one, {child("a")}));
    take_diary();
    breaks("a");
    CHECK(take_diary() == "-a +a");
    breaks("a");
    CHECK(take_diary() == "-a");
    CHECK(describe(0ms).children[0].state == "restarting");
    auto pending = self->request(slots.at("a").load(), 3'600s, test::greet{"you"});
    settle();
    REQUIRE(has_mail());
    pending.receive(
        [](const result<std::string>&) { FAIL("answered"); },
        [](const caf::error& why) { CHECK(failure_of(why, "a").code == error_code::unavailable); });
    advance(99ms);
    CHECK(take_diary().empty());
    advance(1ms);
    CHECK(take_diary() == "+a");
    breaks("a");
    advance(199ms);
    CHECK(take_diary() == "-a");
    advance(1ms);
    CHECK(take_diary() == "+a");
    CHECK(asked("a") == "hello a");
}

TEST_CASE_METHOD(nursery, "too many restarts fail upward, level by level, up to the callback") {
    auto leaf = plan("leaf", restart_strategy::one_for_one, {child("a"), child("b")});
    leaf.rules.intensity = {1, 60s};
    auto middle = plan("middle", restart_strategy::one_for_one, {supervised_branch(leaf)});
    middle.rules.intensity = {1, 60s};
    auto top = plan("root", restart_strategy::rest_for_one,
                    {child("first"), supervised_branch(middle), child("last")});
    top.rules.intensity = {0, 60s};
    start(std::move(top));
    CHECK(take_diary() == "+first +last +a +b");
    breaks("a");
    CHECK(take_diary() == "-a +a");
    breaks("a");
    CHECK(take_diary() == "-a -b !leaf +a +b");
    breaks("b");
    CHECK(take_diary() == "-b +b");
    CHECK(gave_up.empty());
    breaks("b");
    CHECK(take_diary() == "-b -a !leaf !middle -last -first !root");
    REQUIRE(gave_up.size() == 1);
    CHECK(gave_up[0].starts_with("the children of \"root\" die too often; the last was middle: "));
    REQUIRE(end_of_root());
}

TEST_CASE_METHOD(nursery,
                 "a child that ignores its exit is killed, one that ignores that is left") {
    auto deaf = child("deaf");
    deaf.rules.grace = 3s;
    deaf.start = [this](caf::local_actor& parent) {
        return caf::actor_cast<caf::strong_actor_ptr>(test::spawn_deaf(parent.system()));
    };
    deaf.stands = nullptr;
    start(plan("root", restart_strategy::one_for_one,
               {child("a"), deaf, child("stubborn", child_kind::permanent, true)}));
    take_diary();
    stop();
    CHECK(take_diary().empty());
    advance(4'999ms);
    CHECK(take_diary().empty());
    advance(1ms);
    CHECK(take_diary() == "-stubborn");
    advance(3'999ms);
    CHECK(take_diary().empty());
    CHECK_FALSE(end_of_root());
    advance(1ms);
    CHECK(take_diary() == "?deaf -a");
    CHECK(end_of_root() == "user_shutdown");
    CHECK(gave_up.empty());
    // It awaits an answer that comes only now, as its own time is over.
    advance(3'600s);
}

TEST_CASE_METHOD(nursery, "a child that cannot be started is tried again") {
    int tries = 0;
    auto late = child("late");
    auto start_it = late.start;
    late.start = [&tries, start_it](caf::local_actor& parent) -> caf::strong_actor_ptr {
        if (++tries == 1) throw std::runtime_error("no such 'file'");
        if (tries == 2) return nullptr;
        return start_it(parent);
    };
    start(plan("root", restart_strategy::one_for_one, {late}));
    CHECK(tries == 2);
    CHECK(describe(0ms).children[0].last_error == "it could not be started");
    advance(100ms);
    CHECK(tries == 3);
    CHECK(asked("late") == "hello late");
    CHECK(describe().children[0].restarts == 2);
}

TEST_CASE_METHOD(nursery, "children come and go by the thousand") {
    start(plan("root", restart_strategy::one_for_one, {child("fixed")}));
    std::vector<child_id> ids;
    for (int i = 0; i < 3'000; ++i) {
        auto actor = test::spawn_service(system, false, [] {});
        auto got = ask<result<child_started>>(root, start_child{adopted("guest", actor)});
        REQUIRE(got);
        ids.push_back(got->id);
        if (i % 3 == 0) caf::anon_send(actor, test::leave_now{});
        if (i % 3 == 1) caf::anon_send(root, end_child{ids.back()});
    }
    settle();
    auto report = describe();
    CHECK(report.children.size() == 200);
    CHECK(report.more == 801);
    CHECK(report.children[1].name == "guest");
    CHECK(report.children[1].mailbox == 0);
    auto one_more =
        ask<result<child_started>>(root, start_child{child("later", child_kind::transient)});
    REQUIRE(one_more);
    take_diary();
    breaks("later");
    CHECK(take_diary() == "-later +later");
    caf::anon_send(root, end_child{one_more->id});
    caf::anon_send(root, end_child{424'242});
    settle();
    CHECK(take_diary() == "-later");
    stop();
    CHECK(take_diary() == "-fixed");
    CHECK(end_of_root() == "user_shutdown");
}

TEST_CASE_METHOD(nursery, "a supervisor that is ending takes no more children") {
    start(plan("root", restart_strategy::one_for_one, {child("a", child_kind::permanent, true)}));
    stop();
    auto late = ask<result<child_started>>(root, start_child{child("b")});
    REQUIRE_FALSE(late);
    CHECK(late.error().code == error_code::unavailable);
    CHECK(describe(0ms).state == "stopping");
    advance(10s);
    CHECK(end_of_root() == "user_shutdown");
}

TEST_CASE_METHOD(nursery, "a supervisor that is killed takes its branch with it and begins anew") {
    actor_slot<supervisor_actor> branch;
    start(plan("root", restart_strategy::one_for_one,
               {supervised_branch(plan("branch", restart_strategy::one_for_one,
                                       {child("a"), child("b", child_kind::permanent, true)}),
                                  30s, branch)}));
    take_diary();
    caf::anon_send_exit(branch.load(), caf::exit_reason::kill);
    settle();
    auto seen = std::exchange(diary, {});
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<std::string>{"+a", "+b", "-a", "-b"});
    CHECK(asked("a") == "hello a");
    CHECK(describe().children[0].last_error == "kill");
    SECTION("the root tells as it goes") {
        caf::anon_send_exit(root, caf::exit_reason::kill);
        settle();
        CHECK(gave_up == std::vector<std::string>{"the supervisor \"root\" was ended by force"});
    }
}

TEST_CASE_METHOD(nursery, "the tree is described, whoever does not answer") {
    auto deaf = child("deaf");
    deaf.start = [](caf::local_actor& parent) {
        return caf::actor_cast<caf::strong_actor_ptr>(test::spawn_deaf(parent.system()));
    };
    deaf.stands = nullptr;
    deaf.rules.grace = 0ms;
    start(plan("root", restart_strategy::one_for_one,
               {child("a"), supervised_branch(plan("branch", restart_strategy::one_for_one,
                                                   {child("b"), deaf}))}));
    breaks("b");
    auto report = describe();
    CHECK(to_json(report) == nlohmann::json::parse(R"({
        "name": "root", "state": "running", "restarts": 0, "lastError": null, "mailbox": 0,
        "children": [
            {"name": "a", "state": "running", "restarts": 0, "lastError": null, "mailbox": 0,
             "children": []},
            {"name": "branch", "state": "running", "restarts": 0, "lastError": null, "mailbox": 0,
             "children": [
                {"name": "b", "state": "running", "restarts": 1, "lastError": "it broke",
                 "mailbox": 0, "children": []},
                {"name": "deaf", "state": "silent", "restarts": 0, "lastError": null,
                 "mailbox": null, "children": []}]}]})"));
    stop();
    advance(10s);
    CHECK(end_of_root() == "user_shutdown");
    advance(3'600s);
}
