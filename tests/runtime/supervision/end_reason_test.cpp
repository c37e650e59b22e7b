#include "runtime/supervision/end_reason.hpp"

#include "runtime/supervision/prepare.hpp"
#include "tests/runtime/virtual_system.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

using namespace perin;
using namespace perin::runtime;

TEST_CASE("a reason is short, of one line, and bears no secret and nobody's words") {
    struct row {
        const char* said;
        const char* told;
    };
    for (auto [said, told] :
         {row{"disk full", "disk full"},
          row{"the store's file is locked", "the store's file is locked"},
          row{"", "no reason was told"}, row{"line one\nline two\x1b[0m", "line one line two [0m"},
          row{"syntax error; last read: 'my diary isn't yours'", "syntax error; last read: '...'"},
          row{"key \"mother's name\" not found", "key \"...\" not found"},
          row{"unclosed 'secret words", "unclosed '..."},
          row{"token prs_9aXk is bad", "token ... is bad"},
          row{"Authorization: Bearer abcdefghijklmnop1234567", "Authorization: Bearer ..."},
          row{"api_key=sk-live-1 refused", "api_key=... refused"},
          row{"GET https://u:pw@host/path?code=1 failed", "GET https://...@host/path... failed"},
          row{"std::bad_alloc", "std::bad_alloc"},
          row{"internationalisierungen", "internationalisierungen"}}) {
        CAPTURE(said);
        CHECK(short_reason(said) == told);
    }
    CHECK(short_reason(std::string(500, ' ')).size() == 160);
    std::string wide = "a ";
    for (int i = 0; i < 200; ++i) wide += "\xC3\xA4";
    auto cut = short_reason(wide);
    CHECK(cut.size() <= 160);
    CHECK(cut.ends_with("\xC3\xA4..."));
}

TEST_CASE("what was thrown is a real error with its words") {
    auto why = thrown_reason(std::make_exception_ptr(std::runtime_error("disk full")));
    CHECK_FALSE(ended_well(why));
    CHECK(reason_text(why) == "disk full");
    CHECK_FALSE(ended_well(thrown_reason(std::make_exception_ptr(7))));
    CHECK_FALSE(reason_text(thrown_reason(std::make_exception_ptr(7))).empty());
    CHECK_FALSE(ended_well(thrown_reason(nullptr)));
}

TEST_CASE("ends are told apart and in words") {
    struct row {
        caf::error reason;
        bool well;
        std::string text;
    };
    for (const auto& [reason, well, text] :
         {row{caf::error{}, true, "it ended by itself"},
          row{caf::exit_reason::user_shutdown, true, "user_shutdown"},
          row{caf::exit_reason::kill, false, "kill"},
          row{caf::sec::request_timeout, false, "request_timeout"},
          row{caf::make_error(caf::sec::runtime_error, "conflict"), false, "conflict"},
          row{caf::error{9, caf::atom("other")}, false, "error 9"}}) {
        CHECK(ended_well(reason) == well);
        CHECK(reason_text(reason) == text);
    }
}

TEST_CASE("a request that failed is a failure that its caller understands") {
    struct row {
        caf::error reason;
        error_code code;
        const char* detail;
    };
    for (const auto& [reason, code, detail] :
         {row{caf::sec::request_receiver_down, error_code::unavailable,
              "the store does not answer"},
          row{caf::sec::request_timeout, error_code::unavailable,
              "the store does not answer in time"},
          row{caf::sec::invalid_argument, error_code::unavailable, "the store does not answer"},
          row{caf::exit_reason::kill, error_code::unavailable, "the store does not answer"},
          row{caf::exit_reason::unhandled_exception, error_code::unavailable,
              "the store does not answer"},
          row{caf::make_error(caf::sec::runtime_error, "a secret"), error_code::internal,
              "the store failed"},
          row{caf::sec::unexpected_message, error_code::internal, "the store failed"}}) {
        auto got = failure_of(reason, "the store");
        CHECK(got.code == code);
        CHECK(got.detail == detail);
    }
}

namespace {

struct break_down {};
struct wait_for_it {};

caf::behavior prepared(caf::event_based_actor* self, bool fails_at_once) {
    prepare(self);
    if (fails_at_once) throw std::runtime_error("no such file");
    return {
        [](break_down) { throw std::runtime_error("out of range"); },
        [self](wait_for_it) { caf::anon_send_exit(self, caf::exit_reason::kill); },
    };
}

}  // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(break_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wait_for_it)

TEST_CASE_METHOD(test::virtual_system, "a prepared actor ends with words, and tells of itself") {
    std::vector<std::string> reasons;
    auto ends = [&] {
        settle();
        self->receive(
            [&](const caf::down_msg& down) { reasons.push_back(reason_text(down.reason)); },
            caf::after(std::chrono::seconds{0}) >> [] {});
    };
    auto actor = system.spawn(prepared, false);
    self->monitor(actor);
    SECTION("what it throws") {
        caf::anon_send(actor, break_down{});
        ends();
        CHECK(reasons == std::vector<std::string>{"out of range"});
    }
    SECTION("what it throws as it begins") {
        auto other = system.spawn(prepared, true);
        self->monitor(other);
        ends();
        CHECK(reasons == std::vector<std::string>{"no such file"});
    }
    SECTION("an exit without a reason and somebody's end are nothing") {
        caf::anon_send(actor, caf::exit_msg{actor->address(), {}});
        caf::anon_send(actor, caf::down_msg{actor->address(), caf::exit_reason::kill});
        ends();
        CHECK(reasons.empty());
        auto pending = self->request(actor, std::chrono::seconds{1}, ask_mailbox{});
        caf::anon_send(actor, wait_for_it{});
        caf::anon_send(actor, wait_for_it{});
        settle();
        pending.receive([&](const mailbox_told& told) { CHECK(told.waiting == 2); },
                        [&](const caf::error& why) { FAIL(system.render(why)); });
        ends();
        CHECK(reasons == std::vector<std::string>{"kill"});
    }
    SECTION("what it does not know") {
        auto pending = self->request(actor, std::chrono::seconds{1}, std::string("hello"));
        settle();
        pending.receive([] { FAIL("answered"); },
                        [&](const caf::error& why) {
                            CHECK(why == caf::make_error(caf::sec::unexpected_message));
                        });
    }
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    settle();
}
