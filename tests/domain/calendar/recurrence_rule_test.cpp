#include "domain/calendar/recurrence_rule.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;
using namespace perin::calendar;

TEST_CASE("a rule is written in one form") {
    struct row {
        std::string_view text;
        std::string_view written;
    };
    const auto [text, written] = GENERATE(values<row>({
        {"FREQ=DAILY", "FREQ=DAILY"},
        {"freq=weekly;byday=mo, fr;interval=1", "FREQ=WEEKLY;BYDAY=MO,FR"},
        {"COUNT=3;FREQ=DAILY;", "FREQ=DAILY;COUNT=3"},
        {"FREQ=MONTHLY;BYDAY=2 TH,+1MO,-1FR", "FREQ=MONTHLY;BYDAY=1MO,2TH,-1FR"},
        {"FREQ=DAILY;BYSECOND=60,5,5", "FREQ=DAILY;BYSECOND=5,59"},
        {"FREQ=YEARLY;WKST=MO;UNTIL=20260101T000000Z", "FREQ=YEARLY;UNTIL=20260101T000000Z"},
        {"FREQ=YEARLY;WKST=SU;UNTIL=20260101", "FREQ=YEARLY;UNTIL=20260101;WKST=SU"},
        {"RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT", "FREQ=DAILY"},
    }));
    CAPTURE(text);
    const auto rule = parse_rule(text);
    REQUIRE(rule);
    CHECK(to_text(*rule) == written);
}

TEST_CASE("what is no rule is refused, and the detail repeats nothing of it") {
    const auto* const text = GENERATE(
        "", "FREQ", "FREQ=", "FREQ=SOMETIMES", "INTERVAL=2", "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1e3",
        "FREQ=DAILY;INTERVAL=100000001", "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=3;UNTIL=20260101", "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYHOUR=-1",
        "FREQ=DAILY;BYMINUTE=60", "FREQ=DAILY;BYSECOND=61", "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=0", "FREQ=DAILY;BYMONTHDAY=32", "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYYEARDAY=367", "FREQ=YEARLY;BYWEEKNO=54", "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYDAY=0MO", "FREQ=YEARLY;BYDAY=XX", "FREQ=YEARLY;BYDAY=M",
        "FREQ=YEARLY;BYDAY=+-1MO", "FREQ=DAILY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=-1MO",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "FREQ=MONTHLY;BYWEEKNO=1", "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=WEEKLY;BYYEARDAY=1", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=DAILY;BYSETPOS=1", "FREQ=DAILY;BYHOUR=1;BYSETPOS=0", "FREQ=DAILY;BYHOUR=,",
        "FREQ=DAILY;X-SECRET=1", "FREQ=DAILY;RSCALE=CHINESE", "FREQ=DAILY;SKIP=FORWARD",
        "FREQ=DAILY;WKST=1MO", "FREQ = DAILY = X");
    CAPTURE(text);
    const auto rule = parse_rule(text);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().code == error_code::invalid_request);
    CHECK(rule.error().detail.find("SECRET") == std::string::npos);
}

TEST_CASE("a rule of any length is answered") {
    std::string text = "FREQ=DAILY;BYHOUR=1";
    for (int i = 0; i < 100'000; ++i) text += ",1";
    CHECK_FALSE(parse_rule(text));
}

TEST_CASE("any text is a rule that is written as itself, or none") {
    CHECK(rc::check([] {
        const auto text = *rc::gen::container<std::string>(
            rc::gen::elementOf(std::string("FREQ=DAILYWKSTBYMONHUCT;;;==,,-+0123459 ")));
        const auto rule = parse_rule("FREQ=MONTHLY;" + text);
        if (rule) RC_ASSERT(*parse_rule(to_text(*rule)) == *rule);
    }));
}
