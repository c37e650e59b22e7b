#include "domain/retry_after.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <rapidcheck.h>
#include <string>

using namespace perin;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// Sun, 06 Nov 1994 08:49:37 GMT
constexpr timestamp example{784'111'777s};
/// 2026-12-01T10:00:00Z
constexpr timestamp now{1'796'119'200s};

std::optional<milliseconds> wait_of(std::string_view retry_after) {
    return told_wait({.retry_after = retry_after}, now);
}

}  // namespace

TEST_CASE("a date is read in the three forms of HTTP") {
    const struct {
        const char* text;
        std::optional<timestamp> expected;
    } table[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", example},
        {"Sunday, 06-Nov-94 08:49:37 GMT", example},
        {"Sun Nov  6 08:49:37 1994", example},
        {"Sun Nov 16 08:49:37 1994", example + 10 * 24h},
        {"Tue, 01 Dec 2026 10:00:00 GMT", now},
        {"Tuesday, 01-Dec-26 10:00:00 GMT", now},
        {"Sat, 31 Dec 2016 23:59:60 GMT", timestamp{1'483'228'800s}},
        {"Thu, 29 Feb 2024 00:00:00 GMT", timestamp{1'709'164'800s}},
        {"Wed, 29 Feb 2023 00:00:00 GMT", {}},
        {"Sun, 31 Nov 1994 08:49:37 GMT", {}},
        {"Sun, 00 Nov 1994 08:49:37 GMT", {}},
        {"Sun, 06 Nov 1994 24:00:00 GMT", {}},
        {"Sun, 06 Nov 1994 08:60:37 GMT", {}},
        {"Sun, 06 Nov 1994 08:49:61 GMT", {}},
        {"Sun, 06 Nov 1994 08:49:37", {}},
        {"Sun, 06 Nov 1994 08:49:37 CET", {}},
        {"Sun, 06 Nov 1994 08:49:37 GMT and more", {}},
        {" Sun, 06 Nov 1994 08:49:37 GMT", {}},
        {"Sun, 6 Nov 1994 08:49:37 GMT", {}},
        {"Son, 06 Nov 1994 08:49:37 GMT", {}},
        {"Sun, 06 Nov -994 08:49:37 GMT", {}},
        {"Sun Nov 6 08:49:37 1994", {}},
        {"1994-11-06T08:49:37Z", {}},
        {"", {}},
    };
    for (const auto& row : table) {
        INFO(row.text);
        CHECK(parse_http_date(row.text, now) == row.expected);
    }
}

TEST_CASE("a year of two digits is at most 50 years ahead") {
    const auto year_of = [](const char* text) {
        const auto at = parse_http_date(text, now);
        REQUIRE(at);
        return static_cast<int>(
            std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(*at)}.year());
    };
    CHECK(year_of("Sunday, 06-Nov-94 08:49:37 GMT") == 1994);
    CHECK(year_of("Sunday, 06-Nov-00 08:49:37 GMT") == 2000);
    CHECK(year_of("Sunday, 06-Nov-75 08:49:37 GMT") == 2075);
    CHECK(year_of("Sunday, 06-Nov-76 08:49:37 GMT") == 2076);
    CHECK(year_of("Sunday, 31-Dec-76 08:49:37 GMT") == 1976);
    CHECK(year_of("Sunday, 06-Nov-77 08:49:37 GMT") == 1977);
}

TEST_CASE("a wait is told in seconds, with a fraction or without, or as a date") {
    const struct {
        const char* text;
        std::optional<milliseconds> expected;
    } table[] = {
        {"0", 0ms},
        {"7", 7s},
        {"007", 7s},
        {"0.25", 250ms},
        {"1.0001", 1001ms},
        {"5.", 5s},
        {"86400", 24h},
        {"86401", 24h},
        {"99999999999999999999999999", 24h},
        {"Tue, 01 Dec 2026 10:00:30 GMT", 30s},
        {"Tuesday, 01-Dec-26 10:00:30 GMT", 30s},
        {"Tue Dec  1 10:00:30 2026", 30s},
        {"Tue, 01 Dec 2026 09:00:00 GMT", 0ms},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 24h},
        // Hostile, or of no meaning.
        {"", {}},
        {"-1", {}},
        {"+1", {}},
        {" 1", {}},
        {"1 ", {}},
        {".5", {}},
        {"1.2.3", {}},
        {"1e3", {}},
        {"1e300", {}},
        {"0x10", {}},
        {"nan", {}},
        {"inf", {}},
        {"1,5", {}},
        {"120, 60", {}},
        {"soon", {}},
        {"Xyz, 99 GMT", {}},
        {"999999999999999999999999999999999", {}},
    };
    for (const auto& row : table) {
        INFO(row.text);
        CHECK(wait_of(row.text) == row.expected);
    }
}

TEST_CASE("milliseconds are more exact than seconds, where they can be read") {
    const struct {
        const char* exact;
        std::optional<milliseconds> expected;
    } table[] = {{"31", 31ms}, {"31.5", 32ms}, {"0", 0ms}, {"864000000", 24h},
                 {"-1", 7s},   {"x", 7s},      {"", 7s},   {"1e9", 7s}};
    for (const auto& row : table) {
        INFO(row.exact);
        CHECK(told_wait({.retry_after_ms = row.exact, .retry_after = "7"}, now) == row.expected);
    }
    CHECK(told_wait({.retry_after_ms = "x"}, now) == std::nullopt);
    CHECK(told_wait({}, now) == std::nullopt);
}

TEST_CASE("a date counts from the time of the sender's own clock") {
    const auto wait = [](std::string_view date) {
        return told_wait({.retry_after = "Sun, 06 Nov 1994 09:00:05 GMT", .date = date}, now);
    };
    CHECK(wait("Sun, 06 Nov 1994 09:00:00 GMT") == 5s);
    CHECK(wait("Sun, 06 Nov 1994 09:00:06 GMT") == 0ms);
    CHECK(wait("whenever") == 0ms);
}

TEST_CASE("no text makes a wait below nothing or over a day") {
    CHECK(rc::check([](const std::string& text) {
        if (const auto wait = wait_of(text)) RC_ASSERT(*wait >= 0ms && *wait <= 24h);
        if (const auto wait = parse_wait_milliseconds(text))
            RC_ASSERT(*wait >= 0ms && *wait <= 24h);
    }));
    CHECK(rc::check([] {
        const auto text = *rc::gen::container<std::string>(
            rc::gen::element('0', '1', '9', '.', '-', 'e', '+', 'x', ' '));
        if (const auto wait = wait_of(text)) RC_ASSERT(*wait >= 0ms && *wait <= 24h);
    }));
}

TEST_CASE("every second of a long time is read back from its date") {
    constexpr const char* names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    CHECK(rc::check([&] {
        const auto seconds = *rc::gen::inRange<std::int64_t>(0, 253'402'300'799);
        const timestamp at{std::chrono::seconds{seconds}};
        // 2026-12-01T10:00:00Z
        const auto text = to_rfc3339(at);
        const auto month = std::stoul(text.substr(5, 2)) - 1;
        const auto date = "Mon, " + text.substr(8, 2) + " " + names[month] + " " +
                          text.substr(0, 4) + " " + text.substr(11, 8) + " GMT";
        RC_ASSERT(parse_http_date(date, now) == at);
    }));
}
