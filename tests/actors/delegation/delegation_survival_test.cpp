#include "actors/delegation/link_booking.hpp"
#include "domain/workflow/replay.hpp"
#include "tests/actors/delegation/link_world.hpp"

#include <set>

namespace perin::test {

using namespace runtime;
using namespace std::chrono_literals;
using persistence::test::drivers;
using outcome = result<slot_outcome>;

namespace {

constexpr const char* ten = "2026-11-30T10:00:00Z";

/// Bookings that are cut off, paused and called off on their way.
struct broken_world : link_world {
    std::optional<created_link> link;
    std::string id;

    /// One guest's booking, asked for and not answered yet.
    auto asked() {
        link = link_world::link();
        return self->request(delegations, 600s, keyed(ten));
    }
    /// By somebody who does not wait for the answer.
    void ask_to_book() { static_cast<void>(asked()); }
    book_slot keyed(const std::string& start) {
        auto wanted = slot(*link, start);
        wanted.idempotency_key = "once";
        id = actors::id_from("wfl_", wanted.delegation_id + "\n" + wanted.idempotency_key);
        return wanted;
    }

    /// What has happened and is on disk, without the times.
    std::vector<std::string> history() {
        auto db = kept->open_empty();
        const auto found = actors::store_reader(*db).read(load_workflow{id, {}});
        std::vector<std::string> out;
        if (!found) return out;
        for (const auto& each : workflow::history_of(found->records).events) {
            std::string line(workflow::kind_of(each.what));
            const auto step = workflow::step_of(each.what);
            if (!step.empty()) line += " " + step;
            if (const auto* begun = std::get_if<workflow::step_started>(&each.what))
                line += " " + std::to_string(begun->attempt);
            out.push_back(std::move(line));
        }
        return out;
    }
    bool has(const std::string& line) {
        const auto all = history();
        return std::ranges::find(all, line) != all.end();
    }
    /// Message by message, until this is on disk.
    void go_on_to(const std::string& line) {
        while (!has(line)) REQUIRE(scheduler.try_run_once());
    }

    result<workflow::account_of> order(workflow_order what) {
        command_workflow wanted;
        wanted.id = id;
        wanted.user_id = anna.id;
        wanted.order = std::move(what);
        auto done = ask<result<workflow::account_of>>(workflows.load(), std::move(wanted));
        settle();
        return done;
    }
    workflow::account_of account() {
        auto found =
            ask<result<workflow::account_of>>(workflows.load(), find_workflow{id, anna.id});
        REQUIRE(found);
        return std::move(*found);
    }
    workflow::step_status step(const std::string& name) {
        for (const auto& each : account().steps)
            if (each.is.id == name) return each.status;
        FAIL("no step " << name);
        return {};
    }

    std::vector<booking_state> states() {
        std::vector<booking_state> out;
        for (const auto& each : stands(*link).bookings) out.push_back(each.state);
        return out;
    }
    std::vector<std::string> calendar() {
        return listed("2026-11-30T00:00:00Z", "2027-01-31T00:00:00Z");
    }
    void pass(std::chrono::milliseconds time) {
        clock->time += time;
        advance(2min);
    }
    /// The time is another's to book.
    bool is_free(const std::string& start) {
        link = link_world::link();
        const auto got = book(slot(*link, start, "Berta"));
        return got && std::holds_alternative<slot_taken>(*got);
    }
};

void lost(const caf::error& why) { FAIL(to_string(why)); }

}  // namespace

TEST_CASE("a booking that is paused at any step and restarted ends as one that is not") {
    const std::string driver = GENERATE(from_range(drivers()));
    broken_world world;
    world.open(driver);
    auto whole = world.asked();
    world.settle();
    whole.receive([&](outcome& made) { world.taken(made); }, lost);
    const auto uninterrupted = world.history();
    REQUIRE(world.account().is.status == workflow::status::completed);

    for (const auto& each : world.account().steps) {
        CAPTURE(each.is.id);
        world.open(driver);
        world.office->taken.clear();
        world.ask_to_book();
        world.go_on_to("step.started " + each.is.id + " 1");
        REQUIRE(world.order(pause_workflow{"lunch"}));
        world.crash();
        CHECK(world.account().is.status == workflow::status::paused);
        REQUIRE(world.order(resume_workflow{}));
        CHECK(world.account().is.status == workflow::status::completed);
        auto history = world.history();
        std::erase_if(history, [](const auto& one) { return one == "paused" || one == "resumed"; });
        CHECK(history == uninterrupted);
        CHECK(world.calendar() ==
              std::vector<std::string>{std::string("Intro call: Anna and Gustav ") + ten});
        std::set<std::string> mails;
        for (const auto& one : world.office->taken) mails.insert(one.message_id);
        CHECK(mails.size() == 2);
        CHECK(world.states() == std::vector{booking_state::booked});
    }
}

TEST_CASE("a hold that ended while its workflow was paused is taken again where the time is free") {
    broken_world world;
    world.open(GENERATE(from_range(drivers())));
    auto pending = world.asked();
    world.go_on_to("step.done agree_slot");
    REQUIRE(world.order(pause_workflow{}));
    pending.receive(
        [](const outcome& told) {
            REQUIRE_FALSE(told);
            CHECK(told.error().code == error_code::unavailable);
        },
        lost);
    CHECK_FALSE(world.has("step.started create_event 1"));
    const auto of = *world.link;
    world.pass(11min);

    SECTION("it is") {
        REQUIRE(world.order(resume_workflow{}));
        CHECK(world.account().is.status == workflow::status::completed);
        CHECK(world.calendar().size() == 1);
        CHECK(world.office->taken.size() == 2);
        std::size_t active = 0;
        for (const auto state : world.states()) active += is_active(state) ? 1 : 0;
        CHECK(active == 1);
        // What the guest asks for again is what was made.
        CHECK(world.taken(world.book(world.keyed(ten))).at.state == booking_state::booked);
    }
    SECTION("somebody else has it") {
        REQUIRE(world.is_free(ten));
        REQUIRE(world.order(resume_workflow{}));
        CHECK(world.account().is.status == workflow::status::failed);
        CHECK(world.step("create_event") == workflow::step_status::failed);
        CHECK(world.calendar().size() == 1);
        world.link = of;
        for (const auto state : world.states()) CHECK_FALSE(is_active(state));
        const auto again = world.book(world.keyed(ten));
        REQUIRE_FALSE(again);
        CHECK(again.error().code == error_code::conflict);
    }
}

TEST_CASE("a booking that is called off after its event was made leaves nothing behind") {
    broken_world world;
    world.open(GENERATE(from_range(drivers())));
    // It stays at its mails.
    world.office->out_of_order = 1'000;
    auto pending = world.asked();
    world.settle();
    pending.receive([&](outcome& made) { world.taken(made); }, lost);
    REQUIRE(world.calendar().size() == 1);
    REQUIRE(world.order(cancel_workflow{"ill"}));
    if (GENERATE(false, true)) world.crash();
    CHECK(world.account().is.status == workflow::status::cancelled);
    CHECK(world.step("create_event") == workflow::step_status::compensated);
    CHECK(world.step("agree_slot") == workflow::step_status::compensated);
    CHECK(world.calendar().empty());
    CHECK(world.states() == std::vector{booking_state::cancelled});
    CHECK(world.stands(*world.link).link.uses == 0);
    CHECK(world.is_free(ten));
}

TEST_CASE("a booking that is called off while a step runs ends the step, and is undone") {
    broken_world world;
    world.open();
    const auto* at = GENERATE("validate_link", "agree_slot", "owner_approval", "create_event",
                              "confirm", "mail_guest");
    CAPTURE(at);
    world.ask_to_book();
    world.go_on_to(std::string("step.started ") + at + " 1");
    REQUIRE(world.order(cancel_workflow{}));
    CHECK(world.account().is.status == workflow::status::cancelled);
    CHECK(world.calendar().empty());
    for (const auto state : world.states()) CHECK_FALSE(is_active(state));
    CHECK(world.is_free(ten));
}

TEST_CASE("a question that was paused for three weeks is decided after, though the link is over") {
    broken_world world;
    world.open(GENERATE(from_range(drivers())));
    world.link = world.link_world::link(
        {{"approval", true}, {"windowEnd", "2027-01-15"}, {"expiresAt", "2026-12-05T00:00:00Z"}});
    const auto* start = GENERATE("2026-12-30T10:00:00Z", "2026-12-07T10:00:00Z");
    const auto made = world.taken(world.book(world.keyed(start)));
    REQUIRE(made.at.state == booking_state::awaiting_approval);
    REQUIRE(world.order(pause_workflow{"holidays"}));
    world.pass(24h * 21);
    world.crash();
    CHECK(world.account().is.status == workflow::status::paused);
    CHECK(world.states() == std::vector{booking_state::awaiting_approval});
    const auto told = world.told();
    const auto asked = std::ranges::find(told, std::string(booking_approval), &notification::type);
    REQUIRE(asked != told.end());

    if (std::string_view(start) > "2026-12-21") {
        // What was asked for while the link was good.
        REQUIRE(world.decide(*asked, "approve"));
        CHECK(world.account().is.status == workflow::status::paused);
        CHECK(world.calendar().empty());
        REQUIRE(world.order(resume_workflow{}));
        CHECK(world.states() == std::vector{booking_state::booked});
        CHECK(world.calendar().size() == 1);
        CHECK(world.office->taken.size() == 2);
    } else {
        // Nobody can decide about a time that is over.
        CHECK(world.decide(*asked, "approve").error().code == error_code::gone);
        REQUIRE(world.order(resume_workflow{}));
        CHECK(world.states() == std::vector{booking_state::expired});
        CHECK(world.calendar().empty());
        REQUIRE(world.office->taken.size() == 1);
        CHECK(world.office->taken[0].to == "gustav@example.org");
    }
    CHECK(world.account().is.status == workflow::status::completed);
}

TEST_CASE("a booking whose workflow fails for good gives its time back") {
    broken_world world;
    world.open(GENERATE(from_range(drivers())));
    world.ask_to_book();
    // The time is held, and its workflow has not begun.
    while (world.stands(*world.link).bookings.empty()) REQUIRE(world.scheduler.try_run_once());
    REQUIRE(world.history().empty());
    world.crash();
    const revoke_link closes{world.anna.id, world.link->link.id};
    REQUIRE(world.ask<result<void>>(world.delegations, closes));
    const auto again = world.book(world.keyed(ten));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == error_code::conflict);
    CHECK(world.account().is.status == workflow::status::failed);
    CHECK(world.states() == std::vector{booking_state::expired});
    CHECK(world.is_free(ten));
}

}  // namespace perin::test
