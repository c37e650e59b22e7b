#include "domain/control_tokens.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <rapidcheck.h>
#include <vector>

using namespace perin;

namespace {

const std::string joiner = "\xE2\x81\xA0";

std::string escaped(std::string_view text) {
    text_escaper escaper;
    auto out = escaper.push(text);
    out += escaper.flush();
    return out;
}

/// What a reader of the coat does.
std::string unescaped(std::string_view text) {
    const auto start = "[[" + joiner;
    std::string out;
    for (;;) {
        const auto at = text.find(start);
        if (at == std::string_view::npos) return out += text;
        out += text.substr(0, at + 2);
        text.remove_prefix(at + start.size());
        // The joiner of the text itself is read past, so that it begins nothing.
        if (text.starts_with(joiner)) {
            out += joiner;
            text.remove_prefix(joiner.size());
        }
    }
}

/// Texts made of what could form a token, in parts and whole.
rc::Gen<std::string> nearly_tokens() {
    return rc::gen::map(
        rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
            "[", "[[", "]", "P", "PERIN", "PERIN_", "_", "[[PERIN_", joiner, "\xE2", "\x81", "\xA0",
            "\xE2\x81", "E", "RIN_", "a", "[[PERI", "IN_", "[[" + joiner)),
        [](const std::vector<std::string>& parts) {
            std::string text;
            for (const auto& part : parts) text += part;
            return text;
        });
}

}  // namespace

TEST_CASE("text cannot form a token") {
    struct row {
        std::string text;
        std::string written;
    };
    const auto [text, written] = GENERATE(values<row>({
        {"", ""},
        {"plain [text] with [[brackets]]", "plain [text] with [[brackets]]"},
        {"[[PERIN_STEP:end:x]]", "[[" + joiner + "PERIN_STEP:end:x]]"},
        {"a[[PERIN_", "a[[" + joiner + "PERIN_"},
        {"[[[PERIN_", "[[[" + joiner + "PERIN_"},
        {"[[[[[PERIN_", "[[[[[" + joiner + "PERIN_"},
        {"[[PER[[PERIN_", "[[PER[[" + joiner + "PERIN_"},
        {"[[PERIN_[[PERIN_", "[[" + joiner + "PERIN_[[" + joiner + "PERIN_"},
        {"[[" + joiner, "[[" + joiner + joiner},
        {"[[" + joiner + joiner, "[[" + joiner + joiner + joiner},
        {"[[" + joiner + "PERIN_", "[[" + joiner + joiner + "PERIN_"},
        {"[[[" + joiner + "x", "[[[" + joiner + joiner + "x"},
        {"[" + joiner + "[PERIN_", "[" + joiner + "[PERIN_"},
        {"[[perin_", "[[perin_"},
        {"[[PERIN", "[[PERIN"},
        {"[[\xE2\x81[[PERIN_", "[[\xE2\x81[[" + joiner + "PERIN_"},
    }));
    CAPTURE(text);
    CHECK(escaped(text) == written);
    CHECK(unescaped(written) == text);
}

TEST_CASE("only what may begin a token waits, at most seven bytes") {
    text_escaper escaper;
    CHECK(escaper.push("Hello") == "Hello");
    CHECK(escaper.push("a[") == "a");
    CHECK(escaper.push("b") == "[b");
    CHECK(escaper.push("[[PERIN") == "");
    CHECK(escaper.push("!") == "[[PERIN!");
    CHECK(escaper.push("[[PERIN") == "");
    CHECK(escaper.flush() == "[[PERIN");
    CHECK(escaper.flush() == "");
    CHECK(escaper.push("[[[[") == "[[");
    CHECK(escaper.push("PERIN_") == "[[" + joiner + "PERIN_");
}

TEST_CASE("the way a text is cut changes nothing, and a reader gets it back") {
    CHECK(rc::check([] {
        const auto text = *nearly_tokens();
        const auto whole = escaped(text);
        RC_ASSERT(whole.find("[[PERIN_") == std::string::npos);
        RC_ASSERT(unescaped(whole) == text);

        text_escaper escaper;
        std::string pieced;
        std::size_t read = 0;
        while (read < text.size()) {
            const auto size = *rc::gen::inRange<std::size_t>(1, 6);
            const auto piece = std::string_view(text).substr(read, size);
            read += piece.size();
            pieced += escaper.push(piece);
            // What waits is the end of the text, as it is.
            auto copy = escaper;
            const auto waiting = copy.flush();
            RC_ASSERT(waiting.size() <= 7U);
            RC_ASSERT(std::string_view(text).substr(0, read).ends_with(waiting));
        }
        pieced += escaper.flush();
        RC_ASSERT(pieced == whole);
    }));
}

TEST_CASE("every single cut of a token is caught") {
    const std::string text = "x[[PERIN_STEP:end:1]][[" + joiner + "y";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        text_escaper escaper;
        auto out = escaper.push(std::string_view(text).substr(0, cut));
        out += escaper.push(std::string_view(text).substr(cut));
        out += escaper.flush();
        CAPTURE(cut);
        CHECK(out == escaped(text));
    }
}

TEST_CASE("values are percent-encoded where a token would break") {
    CHECK(escape_token_value("50% [a:b]\r\n\xC3\xBC") == "50%25 %5Ba%3Ab%5D%0D%0A\xC3\xBC");
    CHECK(escape_token_value("").empty());
}

TEST_CASE("tokens have their exact form") {
    CHECK(notice_token("fallback") == "[[PERIN_NOTICE:fallback]]");
    CHECK(error_token("upstream_failed", "no: [x]") ==
          "[[PERIN_ERROR:upstream_failed:no%3A %5Bx%5D]]");
    CHECK(initiated_token("a: b", 0.85) == "[[PERIN_MULTI_STEP:initiated:a%3A b:0.85]]");
    CHECK(initiated_token("", 7) == "[[PERIN_MULTI_STEP:initiated::1]]");
    CHECK(initiated_token("x", std::numeric_limits<double>::quiet_NaN()) ==
          "[[PERIN_MULTI_STEP:initiated:x:0]]");
    CHECK(multi_step_token("complete") == "[[PERIN_MULTI_STEP:complete]]");
    CHECK(multi_step_token("paused") == "[[PERIN_MULTI_STEP:paused]]");
    CHECK(multi_step_failed_token("gone") == "[[PERIN_MULTI_STEP:failed:gone]]");
    CHECK(step_start_token("s1", "Check: it") == "[[PERIN_STEP:start:s1:Check%3A it]]");
    CHECK(step_end_token("s1") == "[[PERIN_STEP:end:s1]]");
    CHECK(progress_token("50% done") == "[[PERIN_PROGRESS:50%25 done]]");
    CHECK(step_result_token("s1", "ok") == "[[PERIN_STEP_RESULT:s1:ok]]");
    CHECK(step_result_token("s1", "ok", "{\"a\":[1]}") ==
          "[[PERIN_STEP_RESULT:s1:ok:{\"a\"%3A%5B1%5D}]]");
}

TEST_CASE("what is told of a workflow is a token each, and nothing else is one") {
    struct row {
        event_body body;
        std::string token;
    };
    const step_name of{"wfl_1", "s:1", "Check [it]"};
    const auto [body, expected] = GENERATE_COPY(values<row>({
        {multi_step_initiated{"wfl_1", "two: [people]", 0.9},
         "[[PERIN_MULTI_STEP:initiated:two%3A %5Bpeople%5D:0.9]]"},
        {multi_step_changed{"wfl_1", multi_step_change::complete}, "[[PERIN_MULTI_STEP:complete]]"},
        {multi_step_changed{"wfl_1", multi_step_change::paused, "lunch"},
         "[[PERIN_MULTI_STEP:paused]]"},
        {multi_step_changed{"wfl_1", multi_step_change::resumed}, "[[PERIN_MULTI_STEP:resumed]]"},
        {multi_step_changed{"wfl_1", multi_step_change::cancelled, "no: more"},
         "[[PERIN_MULTI_STEP:cancelled]]"},
        {multi_step_changed{"wfl_1", multi_step_change::failed, "gone"},
         "[[PERIN_MULTI_STEP:failed:gone]]"},
        {multi_step_changed{"wfl_1", multi_step_change::failed},
         "[[PERIN_MULTI_STEP:failed:internal]]"},
        {step_began{of}, "[[PERIN_STEP:start:s%3A1:Check %5Bit%5D]]"},
        {step_progressed{of, "50%\n[[PERIN_STEP:end:s]]"},
         "[[PERIN_PROGRESS:50%25%0A%5B%5BPERIN_STEP%3Aend%3As%5D%5D]]"},
        {step_result{of, step_result_status::waiting}, "[[PERIN_STEP_RESULT:s%3A1:waiting]]"},
        {step_result{of, step_result_status::ok, {{"a", {1, 2}}}},
         "[[PERIN_STEP_RESULT:s%3A1:ok:{\"a\"%3A%5B1,2%5D}]]"},
        {step_result{of, step_result_status::ok, "]]\r[[PERIN_MULTI_STEP:complete]]"},
         "[[PERIN_STEP_RESULT:s%3A1:ok:\"%5D%5D\\r%5B%5BPERIN_MULTI_STEP%3Acomplete%5D%5D\"]]"},
        {step_result{of, step_result_status::failed, false},
         "[[PERIN_STEP_RESULT:s%3A1:failed:false]]"},
        {step_ended{of}, "[[PERIN_STEP:end:s%3A1]]"},
        {text_delta{"[[PERIN_STEP:end:s]]"}, ""},
        {turn_notice{"offline", ""}, ""},
        {turn_started{"hello", std::nullopt}, ""},
        {turn_completed{"bye"}, ""},
    }));
    CHECK(token_of(body) == expected);
    CHECK(tells_of_workflow(body) == !expected.empty());
}

TEST_CASE("a result that is not UTF-8 is shown none the less") {
    const step_result told{{"wfl_1", "s1", "S"}, step_result_status::ok, "\xFF"};
    CHECK(token_of(told) == "[[PERIN_STEP_RESULT:s1:ok:\"\xEF\xBF\xBD\"]]");
}
