#include "domain/invitation.hpp"

#include "domain/calendar/calendar_reader.hpp"
#include "domain/text.hpp"

#include <catch2/catch.hpp>

using namespace perin;

namespace {

booked_meeting meeting() {
    booked_meeting out;
    out.link.title = "Intro call";
    out.link.rules.timezone = "Europe/Vienna";
    out.owner = {"usr_1", "anna@example.org", "Anna", "Europe/Vienna"};
    out.what.id = "bkg_1";
    out.what.version = 3;
    out.what.who = {"Gustav", "gustav@example.org", "America/New_York"};
    out.what.time.starts_at = *from_rfc3339("2026-12-01T15:00:00Z");
    out.what.time.ends_at = *from_rfc3339("2026-12-01T15:30:00Z");
    return out;
}

std::size_t count(const std::string& in, const std::string& what) {
    std::size_t n = 0;
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++n;
    return n;
}

}  // namespace

TEST_CASE("an invitation says which meeting it is, and that a later one is later") {
    const auto of = meeting();
    const auto text = invitation(of, meeting_news::booked, of.what.time.starts_at);
    for (const auto* line :
         {"\r\nMETHOD:REQUEST\r\n", "\r\nUID:bkg_1@perin\r\n", "\r\nSEQUENCE:3\r\n",
          "\r\nSTATUS:CONFIRMED\r\n", "\r\nSUMMARY:Intro call: Anna and Gustav\r\n"})
        CHECK(count(text, line) == 1);
    const auto read = calendar::parse_calendar(text);
    REQUIRE(read);
    REQUIRE(read->events.size() == 1);
    CHECK(read->events[0] == event_of(of));
    const auto gone = invitation(of, meeting_news::cancelled, of.what.time.starts_at);
    CHECK(count(gone, "\r\nMETHOD:CANCEL\r\n") == 1);
    CHECK(count(gone, "\r\nSTATUS:CANCELLED\r\n") == 1);
    CHECK(invitation(of, meeting_news::declined, of.what.time.starts_at).empty());
}

TEST_CASE("each is told the time on a clock of their own") {
    const auto of = meeting();
    const auto guest = mail_of(of, meeting_news::booked, told_person::guest);
    CHECK(guest.to == "gustav@example.org");
    CHECK(guest.text.find("10:00 (America/New_York)") != std::string::npos);
    CHECK(guest.text.find("anna@example.org") == std::string::npos);
    const auto owner = mail_of(of, meeting_news::booked, told_person::owner);
    CHECK(owner.to == "anna@example.org");
    CHECK(owner.text.find("16:00 (Europe/Vienna)") != std::string::npos);
    CHECK(owner.text.find("gustav@example.org") != std::string::npos);
}

TEST_CASE("no words of a stranger, or of a title, begin a line of their own") {
    for (const std::string end : {"\r\n", "\n", "\r", "\x0b", "\xc2\x85", "\xe2\x80\xa8"}) {
        auto of = meeting();
        const auto evil = "x" + end + "ATTENDEE:mailto:eve@example.org" + end + "BCC: eve@x.y";
        of.link.title = of.owner.name = of.what.who.name = of.what.note = evil;
        of.what.who.email = "g@x.y" + end + "ATTENDEE:mailto:eve@example.org";
        const auto text = invitation(of, meeting_news::booked, of.what.time.starts_at);
        CHECK(count(text, "\nATTENDEE") == 1);
        CHECK(count(text, "\nBEGIN:VEVENT") == 1);
        for (const auto to : {told_person::guest, told_person::owner}) {
            const auto mail = mail_of(of, meeting_news::booked, to);
            CHECK(mail.subject.find_first_of("\r\n\x0b") == std::string::npos);
            CHECK(mail.subject.find(end) == std::string::npos);
            CHECK(mail.text.find("\nATTENDEE") == std::string::npos);
            CHECK(mail.text.find("\nBCC") == std::string::npos);
        }
    }
}

TEST_CASE("a text is put on one line and cut between characters") {
    CHECK(one_line("a\r\n\tb  ", 10) == "a b");
    CHECK(one_line("\xc3\xa4\xc3\xb6\xc3\xbc", 2) == "\xc3\xa4\xc3\xb6");
    CHECK(one_line("\n\n", 10).empty());
    CHECK(one_line("", 10).empty());
}
