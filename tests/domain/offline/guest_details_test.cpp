#include "domain/offline/guest_details.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin::offline;

TEST_CASE("a name and a mail address are found in what is said") {
    struct row {
        const char* said;
        const char* name;
        const char* email;
        const char* rest;
    };
    const std::vector<row> table{
        {"I'm Bob Ray, bob@ray.example", "Bob Ray", "bob@ray.example", ""},
        {"Bob Ray, bob@ray.example", "Bob Ray", "bob@ray.example", ""},
        {"Bob Ray <Bob@Ray.example>", "Bob Ray", "bob@ray.example", "<>"},
        {"Bob Ray\nbob@ray.example", "Bob Ray", "bob@ray.example", ""},
        {"bob ray bob@ray.example", "bob ray", "bob@ray.example", ""},
        {"my name is bob ray", "bob ray", "", ""},
        {"This is Anna van der Berg.", "Anna van der Berg", "", ""},
        {"Hi, I am J. R. O'Neil-Smith", "J. R. O'Neil-Smith", "", ""},
        {"My name is \xC3\x81gnes Nagy and my email is agnes@nagy.example.", "\xC3\x81gnes Nagy",
         "agnes@nagy.example", "and my email is"},
        {"Tuesday at 10, Bob Ray, bob@ray.example", "Bob Ray", "bob@ray.example", "Tuesday at 10"},
        {"Tuesday @ 10", "", "", "Tuesday @ 10"},
        {"I'm free on Tuesday", "", "", "I'm free on Tuesday"},
        {"I am looking for a time next week", "", "", "I am looking for a time next week"},
        {"Can we meet on Tuesday?", "", "", "Can we meet on Tuesday?"},
        {"my mail is bob@ray.example", "", "bob@ray.example", "my mail is"},
        {"mailto:bob@ray.example", "", "bob@ray.example", ""},
    };
    for (const auto& [said, name, email, rest] : table) {
        CAPTURE(said);
        const auto found = read_details(said, false);
        CHECK(found.name == name);
        CHECK(found.email == email);
        CHECK_FALSE(found.unusable_email);
        CHECK(found.rest == rest);
    }
}

TEST_CASE("a few words are a name where one was asked for, and only then") {
    for (const auto* said : {"Bob Ray", "bob ray", "Bob"}) {
        CHECK(read_details(said, false).name.empty());
        CHECK(read_details(said, true).name == said);
    }
    for (const auto* said : {"yes", "the second one", "Tuesday at 10", "why?", "Bob?", "thanks",
                             "what do you need it for", "60 minutes"})
        CHECK(read_details(said, true).name.empty());
}

TEST_CASE("what is meant as an address and is none is told apart") {
    for (const auto* said : {"bob@", "bob@ray..example", "a@b@c", "I'm Bob Ray, bob@.example"}) {
        CAPTURE(said);
        const auto found = read_details(said, false);
        CHECK(found.email.empty());
        CHECK(found.unusable_email);
    }
    // One that is good is enough.
    CHECK_FALSE(read_details("bob@ no, bob@ray.example", false).unusable_email);
}

TEST_CASE("a hostile name is cut to what a name can be") {
    CHECK(read_details("my name is Bob<script>alert(1)</script>", false).name == "Bob");
    CHECK(read_details("my name is Bob\r\nBcc: all@x.example", false).name == "Bob");
    CHECK(read_details("my name is [[PERIN_STEP:end:x]]", false).name.empty());
    CHECK(read_details("my name is Robert'); DROP TABLE guests;--", false).name == "Robert");
    CHECK(read_details("my name is \xE2\x80\xAE"
                       "boB",
                       false)
              .name.empty());
    CHECK(read_details("my name is \x1b[31mBob", false).name.empty());
    CHECK(read_details("my name is " + std::string(5'000, 'x'), false).name.size() <= 100);
    CHECK(rc::check("any text", [](const std::string& text, bool asked) {
        const auto found = read_details("my name is " + text + " a@b.example", asked);
        RC_ASSERT(found.name.find_first_of("<>[](){}@\r\n\t\"") == std::string::npos);
    }));
}
