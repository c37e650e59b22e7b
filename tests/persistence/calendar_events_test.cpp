#include "persistence/calendar_events.hpp"

#include "domain/calendar/expansion.hpp"
#include "domain/calendar/zone_names.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <random>
#include <set>

using namespace perin;
using namespace perin::calendar;
using namespace perin::persistence;
using namespace perin::persistence::test;
using namespace std::chrono_literals;

namespace {

struct world {
    test_store store;
    std::unique_ptr<database> opened;
    calendar_event_repository events;

    explicit world(const std::string& driver)
        : store(driver), opened(store.open()), events(*opened) {}

    template <class Change>
    auto within(Change change) -> decltype(change()) {
        auto changes = transaction::begin(*opened);
        REQUIRE(changes);
        auto changed = change();
        if (changed) REQUIRE(changes->commit());
        return changed;
    }

    result<void> put(const stored_event& what, const std::string& user = "usr_1") {
        return within([&] { return events.put(user, what); });
    }
};

event event_at(std::string_view start, const std::string& zone, seconds length = 1h) {
    event one;
    one.uid = "uid";
    one.title = "Lunch";
    one.start = {time_form::zoned, zone, moment_of(start)->local};
    one.length = length;
    return one;
}

stored_event stored(const std::string& id, event what) {
    return {
        .id = id, .what = std::move(what), .version = 1, .created_at = at(1), .updated_at = at(2)};
}

/// Events of all forms, the same ones for a seed.
class event_maker {
  public:
    explicit event_maker(std::uint32_t seed) : random_(seed) {}

    event operator()(const std::string& uid) {
        event one;
        one.uid = uid;
        one.sequence = number(0, 5);
        one.title = text(60);
        one.description = text(200);
        one.location = text(20);
        one.status = static_cast<event_status>(number(0, 2));
        one.busy = flip();
        one.start = start();
        const bool day = one.start.form == time_form::all_day;
        one.length = day ? seconds{std::chrono::days{number(1, 8)}} : seconds{number(0, 200'000)};
        if (flip()) {
            static const std::vector<const char*> rules = {
                "FREQ=DAILY;COUNT=9", "FREQ=MONTHLY;BYDAY=-1FR,2MO;BYSETPOS=1",
                "FREQ=YEARLY;WKST=SU", "FREQ=WEEKLY;UNTIL=20300101T000000Z;INTERVAL=2",
                "FREQ=DAILY;UNTIL=20300101"};
            one.rule = *parse_rule(rules[static_cast<std::size_t>(number(0, 4))]);
        }
        for (auto i = number(0, 2); i > 0; --i) {
            one.added.push_back({one.start.local + std::chrono::days{10 - i}, std::nullopt});
            if (!day && flip()) one.added.back().length = seconds{i * 60};
            one.excluded.push_back(one.start.local + std::chrono::days{20 - i});
        }
        if (flip()) one.by = organizer{flip() ? "ann@example.org" : "", text(10)};
        for (auto i = number(0, 3); i > 0; --i) {
            one.attendees.push_back({"a" + std::to_string(i) + "@example.org", text(10),
                                     static_cast<attendee_role>(number(0, 3)),
                                     static_cast<participation>(number(0, 4)), flip()});
        }
        if (number(0, 4) == 0) {
            one.recurrence_id =
                recurrence_id_of(one, one.start.local + std::chrono::days{number(0, 30)});
        }
        return one;
    }

  private:
    std::int64_t number(std::int64_t from, std::int64_t to) {
        return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
    }
    bool flip() { return number(0, 1) == 1; }

    std::string text(std::int64_t most) {
        static const std::vector<std::string> parts = {"a",
                                                       "B",
                                                       " ",
                                                       "\n",
                                                       "\\",
                                                       "'",
                                                       "\"",
                                                       "{",
                                                       "}",
                                                       "$1",
                                                       "\t",
                                                       "\r\n",
                                                       "\xC3\xA9",
                                                       "\xF0\x9F\x98\x80",
                                                       "\x01",
                                                       "\x7F",
                                                       "\xEF\xBF\xBD",
                                                       "\\u0000"};
        std::string out;
        for (auto i = number(0, most); i > 0; --i)
            out += parts[static_cast<std::size_t>(
                number(0, static_cast<std::int64_t>(parts.size()) - 1))];
        return out;
    }

    moment start() {
        const local_seconds local{seconds{number(-2'000'000'000, 4'000'000'000)}};
        switch (number(0, 3)) {
            case 0:
                return {time_form::all_day, {}, std::chrono::floor<std::chrono::days>(local)};
            case 1:
                return {time_form::floating, {}, local};
            case 2:
                return {time_form::zoned, "UTC", local};
            default:
                break;
        }
        const auto zones = windows_zones();
        const auto which = number(0, static_cast<std::int64_t>(zones.size()) - 1);
        return {time_form::zoned, std::string(zones[static_cast<std::size_t>(which)].iana), local};
    }

    std::mt19937 random_;
};

/// The series of the corpus that the rules are tested with.
std::vector<event> corpus() {
    std::ifstream file(PERIN_SOURCE_DIR "/tests/domain/calendar/rrule_corpus.json");
    std::vector<event> all;
    for (const auto& row : nlohmann::json::parse(file)) {
        event one;
        one.uid = "corpus " + std::to_string(all.size());
        one.title = row.at("name").get<std::string>();
        one.start = *moment_of(row.at("start").get<std::string>());
        const auto zone = row.at("zone").get<std::string>();
        if (zone != "floating" && zone != "date")
            one.start = {time_form::zoned, zone, one.start.local};
        if (zone == "date") one.length = std::chrono::days{1};
        one.rule = *parse_rule(row.at("rule").get<std::string>());
        const auto times = [&](const char* name) {
            return row.value(name, std::vector<std::string>());
        };
        for (const auto& text : times("excluded")) one.excluded.push_back(moment_of(text)->local);
        for (const auto& text : times("added"))
            one.added.push_back({moment_of(text)->local, std::nullopt});
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace

TEST_CASE("every event is read back as it was put") {
    world with(GENERATE(from_range(drivers())));
    auto all = corpus();
    CHECK(all.size() >= 150);
    event_maker make(20261122);
    for (int i = 0; i < 400; ++i) all.push_back(make("made " + std::to_string(i)));
    // A clock that shows one time twice, and one that it never shows.
    for (const auto* start : {"20261025T023000", "20260329T023000"}) {
        all.push_back(event_at(start, "Europe/Vienna", 45min));
        all.back().uid = start;
    }
    std::map<std::string, stored_event> put;
    REQUIRE(with.within([&]() -> result<void> {
        for (const auto& each : all) {
            const auto id = "evt_" + std::to_string(put.size());
            put.emplace(id, stored(id, each));
            if (auto done = with.events.put("usr_1", put.at(id)); !done) return done;
        }
        return {};
    }));
    const auto read = with.events.of_user("usr_1");
    REQUIRE(read);
    REQUIRE(read->size() == put.size());
    for (const auto& each : *read) {
        INFO(each.id << " " << each.what.uid);
        CHECK(each == put.at(each.id));
    }
    const auto& some = put.at("evt_7");
    CHECK(**with.events.find("usr_1", "evt_7") == some);
    CHECK(**with.events.find("usr_1", some.what.uid, some.what.recurrence_id) == some);
    CHECK_FALSE(*with.events.find("usr_2", "evt_7"));
    CHECK(with.events.of_user("usr_2")->empty());
}

TEST_CASE("an event that is put again is at its next version and keeps its beginning") {
    world with(GENERATE(from_range(drivers())));
    auto one = stored("evt_1", event_at("20261201T120000", "Europe/Vienna"));
    one.what.by = organizer{"ann@example.org", "Ann"};
    one.what.rule = *parse_rule("FREQ=DAILY");
    REQUIRE(with.put(one));
    auto next = one;
    next.what = event_at("20261202T120000", "Europe/Berlin", 2h);
    next.what.title = "Supper";
    next.version = 99;
    next.created_at = at(50);
    next.updated_at = at(60);
    REQUIRE(with.put(next));
    next.version = 2;
    next.created_at = at(1);
    CHECK(**with.events.find("usr_1", "evt_1") == next);
    CHECK(with.events.of_user("usr_1")->size() == 1);
}

TEST_CASE("a uid has one series and each of its occurrences once") {
    world with(GENERATE(from_range(drivers())));
    const auto series = event_at("20261201T120000", "UTC");
    REQUIRE(with.put(stored("evt_1", series)));
    CHECK(code_of(with.put(stored("evt_2", series))) == error_code::conflict);
    auto changed = series;
    changed.recurrence_id = utc_moment(std::chrono::sys_days{std::chrono::year{2026} / 12 / 1});
    REQUIRE(with.put(stored("evt_2", changed)));
    CHECK(code_of(with.put(stored("evt_3", changed))) == error_code::conflict);
    // Somebody else may have it, and nobody another one's id.
    REQUIRE(with.put(stored("evt_3", series), "usr_2"));
    auto theirs = series;
    theirs.uid = "mine now";
    CHECK(code_of(with.put(stored("evt_1", theirs), "usr_2")) == error_code::conflict);
    CHECK((*with.events.find("usr_1", "evt_1"))->what.uid == "uid");
}

TEST_CASE("only its owner's event is removed") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.put(stored("evt_1", event_at("20261201T120000", "UTC"))));
    CHECK_FALSE(*with.events.remove("usr_2", "evt_1"));
    CHECK(*with.events.remove("usr_1", "evt_1"));
    CHECK_FALSE(*with.events.remove("usr_1", "evt_1"));
    CHECK(with.events.of_user("usr_1")->empty());
}

TEST_CASE("what cannot be kept is refused, and the database is well") {
    world with(GENERATE(from_range(drivers())));
    auto one = event_at("20261201T120000", "UTC");
    one.uid = std::string(2'001, 'u');
    CHECK(code_of(with.put(stored("evt_1", one))) == error_code::invalid_request);
    // The longest that an index has to take, and cannot make shorter.
    one.uid.clear();
    std::mt19937 random(1);
    while (one.uid.size() < 2'000) one.uid += static_cast<char>('!' + random() % 90);
    CHECK(with.put(stored("evt_1", one)));
    one.uid = "two";
    one.title = std::string("a\0b", 3);
    CHECK(code_of(with.put(stored("evt_2", one))) == error_code::invalid_request);
    one.title = "\xFF";
    CHECK(code_of(with.put(stored("evt_2", one))) == error_code::invalid_request);
    one.title = "";
    one.recurrence_id = moment{time_form::zoned, "Europe/Vienna", one.start.local};
    CHECK(code_of(with.put(stored("evt_2", one))) == error_code::invalid_request);
}

TEST_CASE("what may take place in a window is found with all of its series") {
    world with(GENERATE(from_range(drivers())));
    event_maker make(7);
    std::vector<event> all;
    for (int i = 0; i < 200; ++i) {
        auto one = make("made " + std::to_string(i));
        if (one.recurrence_id) one.uid = "made " + std::to_string(i - 1);
        all.push_back(std::move(one));
    }
    REQUIRE(with.within([&]() -> result<void> {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (auto done = with.events.put("usr_1", stored("evt_" + std::to_string(i), all[i]));
                !done)
                return done;
        return {};
    }));
    for (const int year : {1975, 2005, 2026, 2031}) {
        const timestamp from = std::chrono::sys_days{std::chrono::year{year} / 6 / 1};
        const auto until = from + std::chrono::days{60};
        const auto found = with.events.around("usr_1", from, until);
        REQUIRE(found);
        std::vector<event> part;
        for (const auto& each : *found) part.push_back(each.what);
        const auto uids = [&](const std::vector<event>& of) {
            std::multiset<std::pair<std::string, timestamp>> told;
            for (const auto& each : expand(of, from, until, "Pacific/Kiritimati").occurrences)
                told.emplace(of[each.event].uid, each.starts_at);
            return told;
        };
        CHECK(uids(part) == uids(all));
        CHECK(part.size() < all.size());
    }
}

TEST_CASE("an event that an earlier program wrote is read by its instants") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.opened->execute(
        "INSERT INTO calendar_events (id, user_id, uid, title, starts_at, ends_at, timezone, "
        "organizer, created_at, updated_at) VALUES ('evt_1', 'usr_1', 'uid', 'Lunch', "
        "1796209200000, 1796212800000, 'Europe/Vienna', 'ann@example.org', 1, 1)"));
    const auto found = with.events.find("usr_1", "evt_1");
    REQUIRE(found);
    auto expected = event_at("20261202T120000", "Europe/Vienna");
    expected.by = organizer{"ann@example.org", ""};
    CHECK((**found).what == expected);
}
