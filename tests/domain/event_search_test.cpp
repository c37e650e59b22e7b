#include "domain/event_search.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using calendar::calendar_entry;

namespace {

calendar_entry entry(const std::string& title, const std::string& start) {
    calendar_entry out;
    out.id = "evt_" + title;
    out.title = title;
    out.starts_at = *from_rfc3339(start);
    out.ends_at = out.starts_at + std::chrono::hours{1};
    return out;
}

const std::vector<calendar_entry> calendar_of_anna{
    entry("Lunch with Anna", "2026-12-01T11:00:00Z"), entry("Dentist", "2026-12-02T09:00:00Z"),
    entry("Call", "2026-12-02T13:00:00Z"), entry("Lunch with Bert", "2026-12-03T11:00:00Z"),
    entry("Project call", "2026-12-03T15:00:00Z")};

std::vector<std::string> found(std::string_view words,
                               const std::optional<scheduling::interval>& within = {}) {
    std::vector<std::string> out;
    for (const auto& each : entries_meant(calendar_of_anna, words, within))
        out.push_back(each.title);
    return out;
}

scheduling::interval day(const std::string& date) {
    const auto start = *from_rfc3339(date + "T00:00:00Z");
    return {start, start + std::chrono::hours{24}};
}

}  // namespace

TEST_CASE("the events that somebody may mean are found by their titles and their time") {
    using titles = std::vector<std::string>;
    CHECK(found("dentist") == titles{"Dentist"});
    CHECK(found("my dentist appointment") == titles{"Dentist"});
    CHECK(found("the DENTIST'S") == titles{"Dentist"});
    CHECK(found("lunch") == titles{"Lunch with Anna", "Lunch with Bert"});
    CHECK(found("lunch with bert") == titles{"Lunch with Bert"});
    CHECK(found("lunch", day("2026-12-03")) == titles{"Lunch with Bert"});
    CHECK(found("call") == titles{"Call"});
    CHECK(found("the project call") == titles{"Project call"});
    CHECK(found("dinner").empty());
    CHECK(found("dentist", day("2026-12-03")).empty());
    // What is said of any event: all of that day.
    CHECK(found("my meeting", day("2026-12-01")) == titles{"Lunch with Anna"});
    CHECK(found("meeting").size() == calendar_of_anna.size());
    // A moment is within what lasts then.
    const auto noon = *from_rfc3339("2026-12-01T11:30:00Z");
    CHECK(found("meeting", scheduling::interval{noon, noon}) == titles{"Lunch with Anna"});
}

TEST_CASE("words that are said of any event name none, unless it is called so") {
    for (const auto* words : {"meeting", "my meeting", "all my meetings", "every event", ""}) {
        INFO(words);
        CHECK_FALSE(names_event(words, "Standup"));
    }
    CHECK(names_event("standup", "Standup"));
    CHECK(names_event("all my standup meetings", "Standup"));
    CHECK(names_event("Meeting", "Meeting"));
    CHECK_FALSE(names_event("meetings", "Meeting"));
}
