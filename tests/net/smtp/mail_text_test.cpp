#include "net/smtp/mail_text.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::net;

namespace {

mail_parts sample() {
    mail_parts out;
    out.from = "Perin <perin@example.org>";
    out.to = "guest@example.org";
    out.subject = "Intro call";
    out.text = "Hello\nthere";
    out.ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
    out.message_id = "<wfl_1.guest@example.org>";
    out.at = *from_rfc3339("2026-11-22T10:00:00Z");
    return out;
}

std::string text_of(const mail_parts& of) {
    const auto made = mail_text(of);
    REQUIRE(made);
    return *made;
}

/// The lines before the first empty one, continued ones joined.
std::vector<std::string> headers_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        REQUIRE(end != std::string::npos);
        if (end == at) return out;
        const auto line = text.substr(at, end - at);
        CHECK(line.size() <= 76);
        if (line.front() == ' ')
            out.back() += line;
        else
            out.push_back(line);
        at = end + 2;
    }
    return out;
}

}  // namespace

TEST_CASE("a mail has a text and an invitation, whose method its type tells") {
    const auto text = text_of(sample());
    CHECK(headers_of(text) ==
          std::vector<std::string>{"Date: Sun, 22 Nov 2026 10:00:00 +0000",
                                   "From: \"Perin\" <perin@example.org>", "To: guest@example.org",
                                   "Subject: Intro call", "Message-ID: <wfl_1.guest@example.org>",
                                   "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
                                   "Content-Type: multipart/mixed; boundary=\"=_perin_part\""});
    CHECK(text.find("text/calendar; charset=utf-8; method=REQUEST; name=\"invite.ics\"") !=
          std::string::npos);
    // "Hello\r\nthere"
    CHECK(text.find("\r\n\r\nSGVsbG8NCnRoZXJl\r\n") != std::string::npos);
    CHECK(text.ends_with("--=_perin_part--\r\n"));
    auto alone = sample();
    alone.ics.clear();
    CHECK(headers_of(text_of(alone)).back() == "Content-Transfer-Encoding: base64");
}

TEST_CASE("a subject of any characters is one header, in words of at most 75 characters") {
    auto of = sample();
    of.subject =
        "Grüße an alle, die am Dienstag um fünf nach Mitternacht 日本語日本語日本語 kommen";
    const auto headers = headers_of(text_of(of));
    CHECK(headers.size() == 8);
    CHECK(headers.at(3).starts_with("Subject: =?UTF-8?B?"));
    of.subject = "=?UTF-8?B?Zm9yZ2Vk?=";
    CHECK(headers_of(text_of(of)).at(3) != "Subject: =?UTF-8?B?Zm9yZ2Vk?=");
}

TEST_CASE("nothing that people write begins a header or a part of its own") {
    const std::string forged = "Call\r\nBcc: victim@example.org\r\n\r\n--=_perin_part\r\n";
    auto of = sample();
    of.subject = forged;
    of.text = forged;
    of.ics = "METHOD:REQUEST; x=\"\r\nBcc: victim@example.org\r\n--=_perin_part--\r\n";
    const auto text = text_of(of);
    CHECK(headers_of(text).size() == 8);
    CHECK(text.find("\nBcc:") == std::string::npos);
    std::size_t parts = 0;
    for (auto at = text.find("\n--=_perin_part"); at != std::string::npos;
         at = text.find("\n--=_perin_part", at + 1))
        ++parts;
    CHECK(parts == 3);
    CHECK(text.find("method=PUBLISH") != std::string::npos);
}

TEST_CASE("what is no address or id is refused") {
    for (const char* bad : {"", "guest", "a@b\r\nBcc: c@d", "a b@c.org", "a@b@c", "@b", "a@",
                            "a@b.org, c@d.org", "<a@b.org", "a@exämple.org"}) {
        CAPTURE(bad);
        auto of = sample();
        of.to = bad;
        const auto made = mail_text(of);
        REQUIRE_FALSE(made);
        CHECK(made.error().code == error_code::invalid_request);
        of = sample();
        of.from = bad;
        CHECK_FALSE(mail_text(of));
    }
    for (const char* bad : {"", "a@b", "<a@b", "<a b@c>", "<a@b>\r\nBcc: c@d>"}) {
        CAPTURE(bad);
        auto of = sample();
        of.message_id = bad;
        CHECK_FALSE(mail_text(of));
    }
}
