#include "domain/calendar/expansion.hpp"
#include "domain/json.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>
#include <sstream>

using namespace perin;
using namespace perin::calendar;

namespace {

/// What `make_corpus.mjs` beside this wrote.
nlohmann::json corpus() {
    std::ifstream file(PERIN_SOURCE_DIR "/tests/domain/calendar/rrule_corpus.json");
    std::stringstream text;
    text << file.rdbuf();
    return nlohmann::json::parse(text.str());
}

timestamp time_of(const nlohmann::json& text) {
    const auto when = moment_of(text.get<std::string>());
    REQUIRE(when);
    return sys_seconds{when->local.time_since_epoch()};
}

local_seconds local_of(const nlohmann::json& text) {
    const auto when = moment_of(text.get<std::string>());
    REQUIRE(when);
    return when->local;
}

event event_of(const nlohmann::json& row) {
    event one;
    one.uid = "corpus";
    one.start = *moment_of(row.at("start").get<std::string>());
    const auto zone = row.at("zone").get<std::string>();
    if (zone != "floating" && zone != "date") {
        one.start = {time_form::zoned, zone, one.start.local};
    }
    if (zone == "date") one.length = std::chrono::days{1};
    auto rule = parse_rule(row.at("rule").get<std::string>());
    REQUIRE(rule);
    one.rule = *rule;
    for (const auto& text : row.value("excluded", nlohmann::json::array())) {
        one.excluded.push_back(local_of(text));
    }
    for (const auto& text : row.value("added", nlohmann::json::array())) {
        one.added.push_back({local_of(text), std::nullopt});
    }
    return one;
}

std::vector<std::string> starts_of(const event& one, timestamp from, timestamp until) {
    const auto found = expand(std::span(&one, 1), from, until, "UTC");
    CHECK(found.cut_short.empty());
    std::vector<std::string> out;
    for (const auto& each : found.occurrences) {
        REQUIRE(each.recurrence_id);
        out.push_back(to_text(*each.recurrence_id));
        // A floating time and a day are UTC's here: the id is the start.
        CHECK(sys_seconds{each.recurrence_id->local.time_since_epoch()} == each.starts_at);
    }
    return out;
}

}  // namespace

TEST_CASE("series are expanded as the corpus of recurrence rules says") {
    std::size_t cases = 0;
    for (const auto& row : corpus()) {
        CAPTURE(row.at("name").get<std::string>(), row.at("rule").get<std::string>(),
                row.at("start").get<std::string>(), row.at("zone").get<std::string>());
        const auto one = event_of(row);
        CHECK(starts_of(one, time_of(row.at("from")), time_of(row.at("until"))) ==
              row.at("expected").get<std::vector<std::string>>());
        ++cases;
    }
    CHECK(cases >= 150);
}

TEST_CASE("a window that begins later shows the same occurrences from there on") {
    for (const auto& row : corpus()) {
        CAPTURE(row.at("name").get<std::string>(), row.at("rule").get<std::string>());
        const auto one = event_of(row);
        const auto expected = row.at("expected").get<std::vector<std::string>>();
        if (expected.size() < 3) continue;
        const auto middle = expected.size() / 2;
        const std::vector<std::string> rest(expected.begin() + static_cast<std::ptrdiff_t>(middle),
                                            expected.end());
        const auto begin = moment_of(expected[middle]);
        REQUIRE(begin);
        auto shorter = one;
        shorter.length = seconds{1};
        CHECK(starts_of(shorter, sys_seconds{begin->local.time_since_epoch()},
                        time_of(row.at("until"))) == rest);
    }
}

TEST_CASE("the rules of the corpus are read, written and read as the same") {
    std::set<std::string> rules;
    for (const auto& row : corpus()) rules.insert(row.at("rule").get<std::string>());
    CHECK(rules.size() > 100);
    for (const auto& text : rules) {
        CAPTURE(text);
        const auto rule = parse_rule(text);
        REQUIRE(rule);
        const auto again = parse_rule(to_text(*rule));
        REQUIRE(again);
        CHECK(*again == *rule);
    }
}
