#include "domain/time.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <thread>
#include <vector>

using namespace perin;
using namespace std::chrono_literals;

TEST_CASE("a time is written in UTC with decimals only where there are milliseconds") {
    CHECK(to_rfc3339(timestamp{}) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339(timestamp{1ms}) == "1970-01-01T00:00:00.001Z");
    CHECK(to_rfc3339(timestamp{-1ms}) == "1969-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(timestamp{1764583200s}) == "2025-12-01T10:00:00Z");
}

TEST_CASE("a time past the four-digit years is written as the last that has one") {
    CHECK(to_rfc3339(timestamp::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(timestamp::min()) == "0000-01-01T00:00:00Z");
}

TEST_CASE("RFC 3339 texts are read") {
    struct row {
        std::string_view text;
        std::string_view utc;
    };
    const auto [text, utc] = GENERATE(values<row>({
        {"2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"},
        {"2026-12-01t10:00:00z", "2026-12-01T10:00:00Z"},
        {"2026-12-01T10:00:00+02:00", "2026-12-01T08:00:00Z"},
        {"2026-12-01T23:30:00-05:30", "2026-12-02T05:00:00Z"},
        {"2026-12-01T10:00:00-00:00", "2026-12-01T10:00:00Z"},
        {"2026-12-01T10:00:00.5Z", "2026-12-01T10:00:00.500Z"},
        {"2026-12-01T10:00:00.123999Z", "2026-12-01T10:00:00.123Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00Z"},
    }));
    CAPTURE(text);
    const auto at = from_rfc3339(text);
    REQUIRE(at);
    CHECK(to_rfc3339(*at) == utc);
}

TEST_CASE("what is not RFC 3339 or no real date is nothing") {
    const auto* const text =
        GENERATE("", "2026-12-01", "2026-12-01T10:00:00", "2026-12-01 10:00:00Z",
                 "2026-12-01T10:00Z", "2026-02-29T10:00:00Z", "2026-13-01T10:00:00Z",
                 "2026-00-01T10:00:00Z", "2026-12-32T10:00:00Z", "2026-12-01T24:00:00Z",
                 "2026-12-01T10:60:00Z", "2026-12-01T10:00:61Z", "2026-12-01T10:00:60Z",
                 "2026-12-01T10:00:00.Z", "2026-12-01T10:00:00+0200", "2026-12-01T10:00:00+24:00",
                 "2026-12-01T10:00:00+02:60", "2026-12-01T10:00:00Zx", "+026-12-01T10:00:00Z",
                 " 2026-12-01T10:00:00Z", "2026-12-01T1a:00:00Z", "0000-01-01T00:00:00+01:00",
                 "9999-12-31T23:59:59-01:00", "2026-12-01T10:00:00,5Z");
    CAPTURE(text);
    CHECK_FALSE(from_rfc3339(text));
}

TEST_CASE("every time comes back from its text") {
    CHECK(rc::check([] {
        const auto ms = *rc::gen::inRange<std::int64_t>(-62'000'000'000'000, 253'000'000'000'000);
        const timestamp at{std::chrono::milliseconds{ms}};
        RC_ASSERT(from_rfc3339(to_rfc3339(at)) == at);
    }));
}

TEST_CASE("time zones are those of the system's database") {
    CHECK(is_timezone("Europe/Vienna"));
    CHECK(is_timezone("America/New_York"));
    CHECK(is_timezone("UTC"));
    const auto* const name =
        GENERATE("", "Europe/Atlantis", "europe/vienna", "localtime", "tzdata.zi", "posixrules",
                 "../../etc/passwd", "/etc/passwd", "Europe", "Europe/Vienna ", "+02:00");
    CAPTURE(name);
    CHECK_FALSE(is_timezone(name));
    CHECK_FALSE(is_timezone(std::string("UTC\0x", 5)));
}

TEST_CASE("time zones may be asked for by many threads") {
    std::vector<int> found(8);
    {
        std::vector<std::jthread> threads;
        for (auto& count : found)
            threads.emplace_back([&count] {
                for (int i = 0; i < 50; ++i) count += is_timezone("Asia/Tokyo") ? 1 : 0;
            });
    }
    CHECK(found == std::vector<int>(8, 50));
}
