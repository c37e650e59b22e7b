#include "cli/calendar_commands.hpp"

#include "cli/local_calendar.hpp"
#include "cli/remote_calendar.hpp"
#include "domain/json.hpp"
#include "persistence/calendar_events.hpp"
#include "tests/cli/answering_server.hpp"
#include "tests/cli/data_place.hpp"

#include <fstream>
#include <iterator>

using namespace perin;
using namespace perin::cli;
using nlohmann::json;
using persistence::test::drivers;

namespace {

class standing_clock final : public runtime::wall_clock {
  public:
    [[nodiscard]] timestamp now() const override { return time; }
    timestamp time = *from_rfc3339("2026-12-01T08:00:00Z");
};

/// A calendar of somebody in Vienna, where it is nine o'clock on the first of December.
class fixture {
  public:
    explicit fixture(const std::string& driver = "sqlite") : place(driver) {
        connection_ = place.open();
        REQUIRE(persistence::migrate(*connection_, clock_.now()));
        REQUIRE(connection_->execute(
            "INSERT INTO users (id, email, name, timezone, admin, password_hash, created_at) "
            "VALUES ('usr_ada', 'ada@b.c', '', 'Europe/Vienna', 0, '', 1)"));
        calendar_.emplace(*connection_, clock_, random_, "http://perin.test");
    }

    template <class Command>
    exit_code run(const Command& wanted, scripted_console& at, bool as_json = false,
                  bool yes = false, const std::string& input = {}) {
        std::istringstream in(input);
        return cli::run(wanted, calendar_context{.calendar = *calendar_,
                                                 .input = in,
                                                 .about = {.configuration = place.configuration,
                                                           .at = at,
                                                           .now = clock_.now(),
                                                           .json = as_json,
                                                           .yes = yes}});
    }

    /// What it printed; it must succeed.
    template <class Command>
    std::string said(const Command& wanted, const std::string& input = {}) {
        scripted_console at;
        const auto code = run(wanted, at, false, true, input);
        INFO(at.complained());
        CHECK(code == exit_code::done);
        return at.said();
    }

    /// What it complained of, and how it ended.
    template <class Command>
    std::pair<exit_code, std::string> complaint(const Command& wanted,
                                                const std::string& input = {}) {
        scripted_console at;
        const auto code = run(wanted, at, false, false, input);
        return {code, at.complained()};
    }

    [[nodiscard]] persistence::database& connection() { return *connection_; }

    data_place place;

  private:
    standing_clock clock_;
    runtime::system_entropy random_;
    std::unique_ptr<persistence::database> connection_;
    std::optional<local_calendar> calendar_;
};

calendar_add lunch(const std::string& start = "tomorrow at noon") {
    return {.email = "ada@b.c", .title = "Lunch", .start = start};
}

calendar_list all() { return {.email = "ada@b.c", .from = "2026-11-01", .to = "2027-02-01"}; }

/// Without the ids, which nobody knows beforehand.
std::string without_ids(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto id = text.find("evt_", at);
        out += text.substr(at, id - at);
        if (id == std::string::npos) break;
        out += "evt";
        at = id + 40;
    }
    return out;
}

std::string file_of(const std::string& events) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + events + "END:VCALENDAR\r\n";
}

std::string event_text(const std::string& uid, const std::string& more = {}) {
    return "BEGIN:VEVENT\r\nUID:" + uid +
           "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261210T090000Z\r\n"
           "DTEND:20261210T100000Z\r\n" +
           more + "END:VEVENT\r\n";
}

calendar_import import() { return {.email = "ada@b.c", .file = "-"}; }

}  // namespace

TEST_CASE("an event is added and listed on its owner's clock") {
    fixture with(GENERATE(from_range(drivers())));
    auto wanted = lunch();
    wanted.location = "Caf\xC3\xA9";
    CHECK(without_ids(with.said(wanted)) == "added Lunch, 2026-12-02 12:00 to 13:00, evt\n");
    wanted = {.email = "ada@b.c", .title = "Fair", .start = "2026-12-04", .end = "2026-12-05"};
    wanted.all_day = true;
    CHECK(without_ids(with.said(wanted)) == "added Fair, 2026-12-04 to 2026-12-05, evt\n");
    CHECK(without_ids(with.said(calendar_list{.email = "ada@b.c"})) ==
          "START             END         TITLE  LOCATION  ID\n"
          "2026-12-02 12:00  13:00       Lunch  Caf\xC3\xA9      evt\n"
          "2026-12-04        2026-12-05  Fair             evt\n");
    CHECK(with.said(calendar_list{.email = "ada@b.c", .from = "2026-12-06", .to = "2026-12-07"})
              .empty());
}

TEST_CASE("times are taken as people write them") {
    fixture with;
    struct row {
        const char* start;
        const char* end;
        const char* said;
    };
    const auto [start, end, said] = GENERATE(values<row>({
        {"2026-12-02T10:00:00Z", nullptr, "2026-12-02 11:00 to 12:00"},
        {"2026-12-02T11:00:00+01:00", "2026-12-02T10:30:00Z", "2026-12-02 11:00 to 11:30"},
        {"tomorrow at 3 pm for 45 minutes", nullptr, "2026-12-02 15:00 to 15:45"},
        {"tomorrow 3 to 5 pm", nullptr, "2026-12-02 15:00 to 17:00"},
        {"Friday at 10:30", "noon", "2026-12-04 10:30 to 12:00"},
        {"2026-12-02 9:00", "11:00", "2026-12-02 09:00 to 11:00"},
        {"2026-12-31 at 23:00", "2027-01-01 at 1:00 am", "2026-12-31 23:00 to 2027-01-01 01:00"},
    }));
    CAPTURE(start);
    auto wanted = lunch(start);
    if (end != nullptr) wanted.end = end;
    CHECK(without_ids(with.said(wanted)) == std::string("added Lunch, ") + said + ", evt\n");
}

TEST_CASE("what is no event is refused before anything is written") {
    fixture with;
    struct row {
        const char* start;
        const char* end;
        const char* repeat;
        const char* why;
    };
    const auto [start, end, repeat, why] = GENERATE(values<row>({
        {"whenever", nullptr, "", "--start: the words name no time"},
        {"tomorrow", nullptr, "", "--start: says no time of the day"},
        {"12/3 at noon", nullptr, "", "--start: "},
        {"tomorrow at noon", "never", "", "--end: the words name no time"},
        {"tomorrow at noon", "2026-12-01T00:00:00Z", "", "end: is not after the start"},
        {"tomorrow at noon", nullptr, "FREQ=NEVER", "repeat: "},
    }));
    CAPTURE(start);
    auto wanted = lunch(start);
    if (end != nullptr) wanted.end = end;
    wanted.repeat = repeat;
    const auto [code, complained] = with.complaint(wanted);
    CHECK(code == exit_code::usage);
    CHECK(complained.starts_with(std::string("perin: ") + why));
    CHECK(with.said(all()).empty());
}

TEST_CASE("a taken time is told with what is free near it") {
    fixture with(GENERATE(from_range(drivers())));
    (void)with.said(lunch());
    auto wanted = lunch("tomorrow at 12:30");
    wanted.title = "Dentist";
    scripted_console at;
    CHECK(with.run(wanted, at) == exit_code::failed);
    CHECK(at.complained().find("Lunch, 2026-12-02 12:00 to 13:00") != std::string::npos);
    CHECK(at.said().find("2026-12-02 13:00 to 14:00\n") != std::string::npos);
    CHECK(at.said().find("2026-12-02 11:00 to 12:00\n") != std::string::npos);
    scripted_console as_json;
    CHECK(with.run(wanted, as_json, true) == exit_code::failed);
    const auto told = parse_json(as_json.said());
    REQUIRE(told);
    CHECK((*told)["status"] == "taken");
    CHECK((*told)["inTheWay"][0]["title"] == "Lunch");
    CHECK((*told)["alternatives"].size() == 5);
    wanted.overlap = true;
    CHECK(without_ids(with.said(wanted)) == "added Dentist, 2026-12-02 12:30 to 13:30, evt\n");
}

TEST_CASE("a series stays at its time of the clock, and is in the way") {
    fixture with;
    auto wanted = lunch("2026-10-05 at 9:00");
    wanted.title = "Standup";
    wanted.repeat = "FREQ=WEEKLY;BYDAY=MO;COUNT=20";
    (void)with.said(wanted);
    const auto listed =
        with.said(calendar_list{.email = "ada@b.c", .from = "2026-10-19", .to = "2026-11-02"});
    CHECK(without_ids(listed) ==
          "START             END    TITLE    LOCATION  ID\n"
          "2026-10-19 09:00  10:00  Standup            evt\n"
          "2026-10-26 09:00  10:00  Standup            evt\n"
          "2026-11-02 09:00  10:00  Standup            evt\n");
    CHECK(with.complaint(lunch("2026-12-07 at 9:30")).first == exit_code::failed);
}

TEST_CASE("a file is taken over, told of, and written again") {
    fixture with(GENERATE(from_range(drivers())));
    const auto text = file_of(event_text("one", "SUMMARY:One\r\n") + event_text("two") +
                              "BEGIN:VEVENT\r\nSUMMARY:without a UID\r\nEND:VEVENT\r\n");
    scripted_console at;
    CHECK(with.run(import(), at, false, false, text) == exit_code::done);
    CHECK(at.said() == "added 2, replaced 0, unchanged 0\n");
    CHECK(at.complained() == "line 17: it has no UID\n");
    CHECK(with.said(import(), text) == "added 0, replaced 0, unchanged 2\n");
    const auto newer =
        file_of(event_text("one", "SEQUENCE:1\r\nSUMMARY:Changed\r\n") + event_text("three"));
    CHECK(with.said(import(), newer) == "added 1, replaced 1, unchanged 0\n");

    const auto exported = with.said(calendar_export{.email = "ada@b.c"});
    CHECK(exported.find("SUMMARY:Changed\r\n") != std::string::npos);
    CHECK(with.said(import(), exported) == "added 0, replaced 0, unchanged 3\n");
    fixture other;
    CHECK(other.said(import(), exported) == "added 3, replaced 0, unchanged 0\n");
    CHECK(other.said(calendar_export{.email = "ada@b.c"}) == exported);
}

TEST_CASE("a calendar is written to a file, and another one only when asked") {
    fixture with;
    (void)with.said(lunch());
    const calendar_export wanted{.email = "ada@b.c", .file = with.place.path("out.ics")};
    const auto content = [&] {
        std::ifstream file(wanted.file);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    CHECK(with.said(wanted) == "wrote " + wanted.file + "\n");
    CHECK(content() == with.said(calendar_export{.email = "ada@b.c"}));
    std::ofstream(wanted.file) << "mine";
    scripted_console refusing({"n"});
    CHECK(with.run(wanted, refusing) == exit_code::failed);
    CHECK(content() == "mine");
    CHECK(with.complaint(wanted).first == exit_code::usage);
    (void)with.said(wanted);
    CHECK(content().starts_with("BEGIN:VCALENDAR"));
    auto from_file = import();
    from_file.file = wanted.file;
    CHECK(with.said(from_file) == "added 0, replaced 0, unchanged 1\n");
}

TEST_CASE("a hostile file is refused or cut, and loses nothing") {
    fixture with(GENERATE(from_range(drivers())));
    (void)with.said(lunch());
    const auto before = with.said(all());
    SECTION("that is no calendar") {
        for (const std::string text :
             {"", "hello", "\x00\x01\xff\xfe", "BEGIN:VCARD\r\nEND:VCARD\r\n"}) {
            const auto [code, why] = with.complaint(import(), text);
            CHECK(code == exit_code::failed);
            CHECK(why.starts_with("perin: "));
        }
    }
    SECTION("that is not there") {
        auto missing = import();
        missing.file = with.place.path("nothing.ics");
        CHECK(with.complaint(missing).first == exit_code::failed);
        missing.file = with.place.path("");
        CHECK(with.complaint(missing).second.find("is a folder") != std::string::npos);
    }
    SECTION("of 100,000 events") {
        std::string events;
        for (int i = 0; i < 100'000; ++i) events += event_text(std::to_string(i));
        const auto [code, why] = with.complaint(import(), file_of(events));
        CHECK(code == exit_code::failed);
        CHECK(why.find("20") != std::string::npos);
    }
    SECTION("over 20 MiB") {
        const auto [code, why] =
            with.complaint(import(), file_of(std::string((20U << 20U) + 1, 'x')));
        CHECK(code == exit_code::failed);
        CHECK(why == "perin: standard input is over 20 MiB\n");
    }
    CHECK(with.said(all()) == before);
}

TEST_CASE("what of a hostile file can be taken is, within bounds") {
    fixture with(GENERATE(from_range(drivers())));
    const std::string megabyte(1U << 20U, 'x');
    const auto text =
        file_of(event_text("long title", "SUMMARY:" + megabyte + "\r\n") +
                event_text("endless", "RRULE:FREQ=SECONDLY\r\nSUMMARY:\x1b[31mRed\r\n") +
                event_text("never folds", "DESCRIPTION:" + megabyte + megabyte + "\r\n") +
                event_text(std::string(1'000, 'u')));
    scripted_console at;
    CHECK(with.run(import(), at, false, false, text) == exit_code::done);
    CHECK(at.said() == "added 4, replaced 0, unchanged 0\n");
    CHECK_FALSE(at.complained().empty());
    // Bounded where it is read, too.
    scripted_console listing;
    CHECK(with.run(calendar_list{.email = "ada@b.c", .from = "2026-12-10", .to = "2026-12-10"},
                   listing) == exit_code::done);
    CHECK(listing.complained().find("there are more") != std::string::npos);
    CHECK(listing.said().find('\x1b') == std::string::npos);
    CHECK(listing.said().size() < 200'000);
    // A file that ends in the middle.
    const auto whole = file_of(event_text("one more") + event_text("two more"));
    for (const auto size : {whole.size() - 10, whole.size() - 60, std::size_t{100}}) {
        scripted_console cut;
        (void)with.run(import(), cut, false, false, whole.substr(0, size));
        CHECK_FALSE((cut.said() + cut.complained()).empty());
    }
}

TEST_CASE("a feed's address is printed, and replaced or ended only when asked") {
    fixture with(GENERATE(from_range(drivers())));
    const auto first = with.said(calendar_feed{.email = "ada@b.c"});
    CHECK(first.starts_with("http://perin.test/calendar/"));
    CHECK(first.ends_with(".ics\n"));
    CHECK(first.size() == std::string("http://perin.test/calendar/.ics\n").size() + 43);
    scripted_console refusing({"n"});
    CHECK(with.run(calendar_feed{.email = "ada@b.c"}, refusing) == exit_code::failed);
    CHECK(with.complaint(calendar_feed{.email = "ada@b.c"}).first == exit_code::usage);
    scripted_console agreeing({"y"});
    CHECK(with.run(calendar_feed{.email = "ada@b.c"}, agreeing) == exit_code::done);
    CHECK(agreeing.said() != first);
    const auto hashes = [&] {
        return with.connection().execute("SELECT token_hash FROM calendar_feeds")->size();
    };
    CHECK(hashes() == 1);
    const calendar_feed end{.email = "ada@b.c", .revoke = true};
    CHECK(with.complaint(end).first == exit_code::usage);
    CHECK(hashes() == 1);
    CHECK(with.said(end) == "the calendar has no address any more\n");
    CHECK(hashes() == 0);
}

TEST_CASE("nobody has no calendar") {
    fixture with;
    const std::string nobody = "bob@b.c";
    const std::pair expected{exit_code::failed, std::string("perin: there is no user bob@b.c\n")};
    auto fresh = lunch();
    fresh.email = nobody;
    CHECK(with.complaint(fresh) == expected);
    CHECK(with.complaint(calendar_list{.email = nobody}) == expected);
    CHECK(with.complaint(calendar_import{.email = nobody, .file = "-"}) == expected);
    CHECK(with.complaint(calendar_export{.email = nobody}) == expected);
    CHECK(with.complaint(calendar_feed{.email = nobody}) == expected);
}

TEST_CASE("a running server is asked by its private routes") {
    const user ada{"usr_ada", "ada@b.c", "", "Europe/Vienna"};
    const auto at_noon = *from_rfc3339("2026-12-01T12:00:00Z");
    answering_server server({{200, R"({"items":[],"more":false})"},
                             {201, R"({"status":"created"})"},
                             {200, R"({"added":1})"},
                             {200, "BEGIN:VCALENDAR"},
                             {200, R"({"url":"http://x/calendar/t.ics"})"},
                             {200, R"({"url":null})"},
                             {413, R"({"code":"too_large","detail":"too many events"})"}});
    remote_calendar calendar{admin_client(server.run())};
    CHECK(calendar.list(ada, {.user_id = {}, .from = at_noon, .until = at_noon, .limit = 7})
              ->contains("items"));
    CHECK(calendar.add(ada, {.title = "Lunch", .starts_at = at_noon, .ends_at = at_noon}, true)
              ->at("status") == "created");
    CHECK(calendar.import(ada, "BEGIN")->at("added") == 1);
    CHECK(*calendar.export_all(ada) == "BEGIN:VCALENDAR");
    CHECK(*calendar.change_feed(ada, runtime::feed_change::begin) == "http://x/calendar/t.ics");
    CHECK(calendar.change_feed(ada, runtime::feed_change::end)->empty());
    const auto refused = calendar.import(ada, "BEGIN");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == error_code::too_large);
    CHECK(refused.error().detail == "too many events");
    const auto& asked = server.received();
    REQUIRE(asked.size() == 7);
    CHECK(asked[0].target() ==
          "/private/calendar/events?email=ada%40b.c"
          "&from=2026-12-01T12%3A00%3A00Z&until=2026-12-01T12%3A00%3A00Z"
          "&limit=7");
    CHECK((*parse_json(asked[1].body()))["overlap"] == true);
    CHECK((*parse_json(asked[1].body()))["email"] == "ada@b.c");
    CHECK(asked[2].target() == "/private/calendar/import?email=ada%40b.c");
    CHECK(asked[2].body() == "BEGIN");
    CHECK(asked[2][boost::beast::http::field::content_type] == "text/calendar");
    CHECK(asked[2][boost::beast::http::field::authorization] == "Bearer t");
    CHECK((*parse_json(asked[4].body()))["change"] == "begin");
    CHECK((*parse_json(asked[5].body()))["change"] == "end");
}
