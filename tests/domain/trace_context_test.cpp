#include "domain/trace_context.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;

namespace {

const std::string sample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("a traceparent is read and written as it was") {
    const auto read = parse_traceparent(sample);
    REQUIRE(read);
    CHECK(to_hex(read->trace) == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(read->parent == span_id{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7});
    CHECK(read->sampled);
    CHECK(to_traceparent(*read) == sample);
}

TEST_CASE("a malformed traceparent is as none") {
    const auto [name, header] = GENERATE(table<std::string, std::string>({
        {"empty", ""},
        {"a word", "traceparent"},
        {"too short", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"},
        {"version 00 that goes on", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"},
        {"version 00 with a space after it",
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 "},
        {"version ff", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        {"a version that is no number", "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        {"a later version that goes on without a dash",
         "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"},
        {"a trace of zeros", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
        {"a parent of zeros", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"},
        {"capital letters", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"},
        {"flags that are no number", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"},
        {"another separator", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"},
        {"two headers joined", sample + ", " + sample},
    }));
    INFO(name);
    CHECK_FALSE(parse_traceparent(header));
}

TEST_CASE("a later version and unknown flags are read as far as they are known") {
    const auto [header, sampled] = GENERATE(table<std::string, bool>({
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes", true},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true},
    }));
    INFO(header);
    const auto read = parse_traceparent(header);
    REQUIRE(read);
    CHECK(read->sampled == sampled);
    CHECK(to_traceparent(*read) == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-" +
                                       std::string(sampled ? "01" : "00"));
}

TEST_CASE("a child has the trace and a span of its own") {
    const auto parent = *parse_traceparent(sample);
    const span_id fresh{1, 2, 3, 4, 5, 6, 7, 8};
    const auto child = child_of(parent, fresh);
    CHECK(child.trace == parent.trace);
    CHECK(child.parent == fresh);
    CHECK(child.sampled);
    CHECK(child_of(parent, {}).parent == span_id{0, 0, 0, 0, 0, 0, 0, 1});
}

TEST_CASE("any text is read without harm, and what is read is written back") {
    rc::check([](const std::string& text) {
        if (const auto read = parse_traceparent(text))
            RC_ASSERT(parse_traceparent(to_traceparent(*read)) == read);
    });
    rc::check([](std::uint8_t place, char with) {
        auto changed = sample;
        changed[place % changed.size()] = with;
        if (const auto read = parse_traceparent(changed))
            RC_ASSERT(parse_traceparent(to_traceparent(*read)) == read);
    });
}
