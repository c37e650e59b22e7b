#include "cli/chat_screen.hpp"

#include "domain/event.hpp"

#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>

using namespace perin;
using namespace perin::cli;

namespace {

/// What goes to both outputs while it lives.
class overheard {
  public:
    ~overheard() {
        std::cout.rdbuf(out_before_);
        std::cerr.rdbuf(err_before_);
    }
    std::ostringstream out;
    std::ostringstream err;

  private:
    std::streambuf* out_before_ = std::cout.rdbuf(out.rdbuf());
    std::streambuf* err_before_ = std::cerr.rdbuf(err.rdbuf());
};

nlohmann::json frame_of(event_body body) {
    return nlohmann::json::parse(
        to_frame("cnv_12345678", {"trn_1", 1, 1, timestamp{}, std::move(body)}));
}

/// The line that the terminal shows of an event.
std::string line_of(event_body body) {
    overheard all;
    chat_screen(chat_screen::style::terminal).show(frame_of(std::move(body)));
    CHECK(all.err.str().empty());
    return all.out.str();
}

const step_name look{"wfl_1", "look", "Look around"};

}  // namespace

TEST_CASE("a person reads each step in a line") {
    CHECK(line_of(multi_step_initiated{"wfl_1", "two people", 0.9, {{"a", "A"}, {"b", "B"}}}) ==
          "  begins 2 steps: two people\n");
    CHECK(line_of(multi_step_initiated{"wfl_1", "", 0.9, {{"a", "A"}}}) == "  begins 1 step\n");
    CHECK(line_of(step_began{look}) == "  Look around ...\n");
    CHECK(line_of(step_progressed{look, "3 of 5"}) == "    3 of 5\n");
    CHECK(line_of(step_result{look, step_result_status::ok}) == "  Look around is done\n");
    CHECK(line_of(step_result{look, step_result_status::waiting, {{"slots", 2}}}) ==
          "  Look around waits: {\"slots\":2}\n");
    CHECK(line_of(step_result{look, step_result_status::skipped}) == "  Look around is skipped\n");
    CHECK(line_of(step_result{look, step_result_status::failed, "gone"}) ==
          "  Look around failed: \"gone\"\n");
    CHECK(line_of(step_ended{look}).empty());
    CHECK(line_of(multi_step_changed{"wfl_1", multi_step_change::complete}) ==
          "  the steps are complete\n");
    CHECK(line_of(multi_step_changed{"wfl_1", multi_step_change::paused, "lunch"}) ==
          "  the steps are paused (lunch)\n");
    CHECK(line_of(multi_step_changed{"wfl_1", multi_step_change::failed, "gone"}) ==
          "  the steps are stopped by a failure (gone)\n");
}

TEST_CASE("a step's words neither command the terminal nor fill it") {
    CHECK(line_of(step_progressed{look, "\x1b[2Ja\nb\rc"}) == "    [2Ja bc\n");
    const auto line = line_of(step_result{look, step_result_status::ok, std::string(5'000, 'x')});
    CHECK(line.size() < 250);
    CHECK(line.ends_with(" ...\n"));
}

TEST_CASE("steps of a single turn are told beside its text, not in it") {
    overheard all;
    chat_screen screen(chat_screen::style::text);
    screen.show(frame_of(step_began{look}));
    screen.show(frame_of(text_delta{"So be it."}));
    screen.show(frame_of(stage_changed{stage_name::planner, stage_status::started, std::nullopt}));
    CHECK(all.out.str() == "So be it.");
    CHECK(all.err.str() == "perin: Look around ...\n");
}

TEST_CASE("for a program every event is its frame") {
    overheard all;
    chat_screen(chat_screen::style::json).show(frame_of(step_began{look}));
    CHECK(nlohmann::json::parse(all.out.str()) == frame_of(step_began{look}));
}
