#include "runtime/supervision/owed_reply.hpp"

#include "runtime/messages.hpp"
#include "runtime/supervision/prepare.hpp"
#include "tests/runtime/virtual_system.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

using namespace perin;
using namespace perin::runtime;

namespace {

/// How a debtor is to treat the answer that it owes.
enum class debt {
    at_once,
    twice,
    forgotten,
    kept_in_state,
    kept_in_request,
    kept_in_both,
    throws_with_it,
};

struct question {
    debt how;
};
struct pay_up {};
struct fall_over {};
struct leave {};

using answer = result<int>;
using debtor_actor =
    caf::typed_actor<caf::replies_to<question>::with<answer>, caf::reacts_to<pay_up>,
                     caf::reacts_to<fall_over>, caf::reacts_to<leave>>;

struct never {};
/// Never answers, and nobody ends it but the test.
using mute_actor = caf::typed_actor<caf::replies_to<never>::with<int>>;

struct mute_state {
    static constexpr const char* name = "mute";
    std::vector<caf::response_promise> kept;
};

mute_actor::behavior_type mute(mute_actor::stateful_pointer<mute_state> self) {
    return {[self](never) -> caf::result<int> {
        auto promise = self->make_response_promise<int>();
        self->state.kept.push_back(promise);
        return promise;
    }};
}

struct debtor_state {
    static constexpr const char* name = "debtor";
    std::vector<owed_reply<answer>> kept;
};

debtor_actor::behavior_type debtor(debtor_actor::stateful_pointer<debtor_state> self,
                                   mute_actor other) {
    prepare(self);
    return {
        [=](const question& asked) -> caf::result<answer> {
            auto owed = owe<answer>(self);
            switch (asked.how) {
                case debt::at_once:
                    owed.deliver(7);
                    break;
                case debt::twice:
                    owed.deliver(failure{error_code::conflict, "first"});
                    owed.deliver(8);
                    break;
                case debt::forgotten:
                    break;
                case debt::kept_in_state:
                    self->state.kept.push_back(owed);
                    break;
                case debt::kept_in_both:
                    self->state.kept.push_back(owed);
                    [[fallthrough]];
                case debt::kept_in_request:
                    self->request(other, std::chrono::seconds{3'600}, never{})
                        .then([owed](int value) { owed.deliver(value); },
                              [owed](const caf::error&) { owed.deliver(-1); });
                    break;
                case debt::throws_with_it:
                    throw std::runtime_error("broke while it owed");
            }
            return owed;
        },
        [=](pay_up) {
            for (auto& one : self->state.kept) one.deliver(9);
            self->state.kept.clear();
        },
        [](fall_over) { throw std::runtime_error("fell over"); },
        [=](leave) { self->quit(); },
    };
}

}  // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pay_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(fall_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(never)

namespace {

struct debt_world : test::virtual_system {
    mute_actor other = system.spawn(mute);
    debtor_actor asked = system.spawn(debtor, other);
    std::vector<std::string> answers;

    ~debt_world() {
        caf::anon_send_exit(other, caf::exit_reason::kill);
        caf::anon_send_exit(asked, caf::exit_reason::kill);
        settle();
    }

    /// Asks, does something, and notes what came within no time at all.
    template <class Then>
    void ask_and(debt how, Then then) {
        auto pending = self->request(asked, std::chrono::seconds{3'600}, question{how});
        settle();
        then();
        settle();
        // No time has passed: this is no timeout.
        REQUIRE(has_mail());
        pending.receive(
            [&](const answer& got) {
                answers.push_back(got ? std::to_string(*got)
                                      : to_string(got.error().code) + (": " + got.error().detail));
            },
            [&](const caf::error& why) { answers.push_back(system.render(why)); });
        CHECK_FALSE(has_mail());
    }
};

const std::string unanswered =
    "unavailable: the part of the server that was asked ended before it answered";

}  // namespace

TEST_CASE_METHOD(debt_world, "an answer that is owed comes once") {
    ask_and(debt::at_once, [] {});
    ask_and(debt::twice, [] {});
    ask_and(debt::kept_in_state, [&] { caf::anon_send(asked, pay_up{}); });
    CHECK(answers == std::vector<std::string>{"7", "conflict: first", "9"});
}

TEST_CASE_METHOD(debt_world, "an answer that a path forgot is a failure") {
    ask_and(debt::forgotten, [] {});
    CHECK(answers == std::vector<std::string>{unanswered});
}

TEST_CASE_METHOD(debt_world, "an actor that ends owing answers tells, however it ends") {
    struct end {
        const char* how;
        std::function<void()> make;
    };
    const end ends[] = {
        {"asked to", [&] { caf::anon_send_exit(asked, caf::exit_reason::user_shutdown); }},
        {"killed", [&] { caf::anon_send_exit(asked, caf::exit_reason::kill); }},
        {"threw", [&] { caf::anon_send(asked, fall_over{}); }},
        {"left", [&] { caf::anon_send(asked, leave{}); }},
    };
    for (auto where : {debt::kept_in_state, debt::kept_in_request, debt::kept_in_both})
        for (const auto& [how, make] : ends) {
            CAPTURE(how, static_cast<int>(where));
            answers.clear();
            asked = system.spawn(debtor, other);
            ask_and(where, make);
            CHECK(answers == std::vector<std::string>{unanswered});
        }
}

TEST_CASE_METHOD(debt_world, "an actor that nobody can reach any more ends, and tells") {
    ask_and(debt::kept_in_state, [&] { asked = nullptr; });
    CHECK(answers == std::vector<std::string>{unanswered});
}

TEST_CASE_METHOD(debt_world, "a handler that throws while it owes an answer has told") {
    ask_and(debt::throws_with_it, [] {});
    CHECK(answers == std::vector<std::string>{unanswered});
}

TEST_CASE_METHOD(debt_world, "an answer outlives neither its requester nor makes up one") {
    owed_reply<answer> nobody;
    CHECK_FALSE(nobody.pending());
    nobody.deliver(1);
    SECTION("a plain message is owed nothing") {
        self->send(asked, question{debt::forgotten});
        self->send(asked, question{debt::at_once});
        settle();
        CHECK_FALSE(has_mail());
    }
    SECTION("a requester that has gone is owed nothing that anybody misses") {
        {
            caf::scoped_actor gone{system, true};
            (void)gone->request(asked, std::chrono::seconds{3'600}, question{debt::kept_in_state});
            settle();
        }
        caf::anon_send(asked, pay_up{});
        settle();
        ask_and(debt::at_once, [] {});
        CHECK(answers == std::vector<std::string>{"7"});
    }
}
