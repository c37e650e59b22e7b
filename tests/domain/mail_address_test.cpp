#include "domain/mail_address.hpp"

#include <catch2/catch.hpp>

using namespace perin;

TEST_CASE("an address for mail is found with a name or alone") {
    CHECK(mail_address("anna@example.org") == "anna@example.org");
    CHECK(mail_address("Anna <anna@example.org>") == "anna@example.org");
    CHECK(mail_address("\"A, <b>\" <anna@example.org>") == "anna@example.org");
}

TEST_CASE("what may not be said to a mail server is no address") {
    for (const char* bad :
         {"", "guest", "a@b\r\nBcc: c@d", "a b@c.org", "a@b@c", "@b", "a@", "a@b.org, c@d.org",
          "<a@b.org", "a@ex\xc3\xa4mple.org", "<>", "Anna <>"})
        CHECK(mail_address(bad).empty());
    CHECK(mail_address(std::string(250, 'a') + "@b.c") == std::string(250, 'a') + "@b.c");
    CHECK(mail_address(std::string(251, 'a') + "@b.c").empty());
}
