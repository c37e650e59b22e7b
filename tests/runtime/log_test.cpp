#include "runtime/log.hpp"

#include "domain/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

constexpr auto text = log_format::text;
constexpr auto json = log_format::json;

nlohmann::json parsed(const std::string& line) {
    // Time and level stand before it.
    return nlohmann::json::parse("{" + line, nullptr, false);
}

/// Octets that end a line or move a terminal's cursor.
bool is_one_harmless_line(const std::string& line) {
    for (const unsigned char c : line)
        if (c < 0x20 || c == 0x7f) return false;
    return line.find("\xc2\x85") == std::string::npos &&
           line.find("\xe2\x80\xa8") == std::string::npos &&
           line.find("\xe2\x80\xa9") == std::string::npos && is_utf8(line);
}

}  // namespace

TEST_CASE("a line as text is the event, the sentence and its fields") {
    CHECK(render_line(text, "turn.failed", "a turn failed",
                      {{"turnId", "trn_1"},
                       {"status", 503},
                       {"durationMs", 1500us},
                       {"stream", true},
                       {"requestId", ""},
                       {"detail", "two words"}}) ==
          R"(turn.failed a turn failed turnId=trn_1 status=503 durationMs=1.5 stream=true)"
          R"( detail="two words")");
}

TEST_CASE("a line as JSON has the fields as members of their type") {
    const auto line = parsed(render_line(json, "turn.failed", "a turn failed",
                                         {{"turnId", "trn_1"},
                                          {"status", 503},
                                          {"durationMs", 1500us},
                                          {"stream", false},
                                          {"requestId", ""},
                                          {"big", std::int64_t{1} << 60}}));
    CHECK(line == nlohmann::json{{"event", "turn.failed"},
                                 {"message", "a turn failed"},
                                 {"turnId", "trn_1"},
                                 {"status", 503},
                                 {"durationMs", 1.5},
                                 {"stream", false},
                                 {"big", std::int64_t{1} << 60}});
}

TEST_CASE("no text can forge a line, whatever it holds") {
    const auto evil =
        GENERATE(as<std::string>{}, "a\n2026-01-01T00:00:00.000Z error forged", "a\r\nb", "\x1b[2J",
                 "\x7f", "\xc2\x85 next",
                 "\xc2\x9b"
                 "2J",
                 "line\xe2\x80\xa8separator", "par\xe2\x80\xa9", "\"},{\"event\":\"forged\"",
                 "broken \xff\xfe utf", "a=b c=d", std::string("nul\0nul", 7));
    const auto as_text = render_line(text, "event", evil, {{"field", evil}});
    const auto as_json = render_line(json, "event", evil, {{"field", evil}});
    CHECK(is_one_harmless_line(as_text));
    CHECK(is_one_harmless_line(as_json));
    const auto line = parsed(as_json);
    REQUIRE(line.is_object());
    CHECK(line.size() == 3);
    CHECK(line["event"] == "event");
    const auto whole = is_utf8(evil) ? evil : repaired_utf8(evil);
    CHECK(line["message"] == whole);
    CHECK(line["field"] == whole);
    // As text a value that is not a plain word stands in quotes: it has no field of its own.
    CHECK(as_text.find("field=\"") != std::string::npos);
}

TEST_CASE("a line is bounded, and stays whole where it is cut") {
    const std::string controls(5'000, '\x01');
    const std::string letters(5'000, 'x');
    const std::string wide = [] {
        std::string out;
        for (int i = 0; i < 1'000; ++i) out += "ß€";
        return out;
    }();
    for (const auto& long_text : {controls, letters, wide}) {
        const auto line = render_line(json, "event", long_text,
                                      {{"a", long_text}, {"b", long_text}, {"c", long_text}});
        CHECK(line.size() <= 4'000);
        const auto read = parsed(line);
        REQUIRE(read.is_object());
        CHECK(read["event"] == "event");
        CHECK(render_line(text, "event", long_text, {{"a", long_text}, {"b", long_text}}).size() <=
              4'000);
    }
}

TEST_CASE("values of fields and headers that may be secrets are not told") {
    const auto [name, kept] = GENERATE(table<std::string, bool>({
        {"Authorization", false},
        {"proxy-authorization", false},
        {"Cookie", false},
        {"Set-Cookie", false},
        {"X-Api-Key", false},
        {"accessToken", false},
        {"client_secret", false},
        {"PASSWORD", false},
        {"Content-Type", true},
        {"requestId", true},
        {"route", true},
    }));
    INFO(name);
    CHECK(redacted(name, "value-1") == (kept ? "value-1" : "[redacted]"));
    const auto line = parsed(render_line(json, "event", "sentence", {{name, "value-1"}}));
    CHECK(line[name] == (kept ? "value-1" : "[redacted]"));
    // A count of tokens is no token.
    CHECK(parsed(render_line(json, "event", "s", {{"promptTokens", 7}}))["promptTokens"] == 7);
}

TEST_CASE("the level decides what is written, and model calls have a switch of their own") {
    struct restore {
        ~restore() { start_log({}); }
    } at_end;
    for (const auto* name : {"trace", "debug", "info", "warn", "error"}) {
        start_log({log_level_of(name), text, false});
        CHECK(logs(log_level_of(name)));
        CHECK(logs(log_level::error));
    }
    CHECK(log_level_of("warn") == log_level::warning);
    CHECK(log_level_of("no such level") == log_level::info);
    start_log({log_level::warning, text, false});
    CHECK_FALSE(logs(log_level::info));
    CHECK_FALSE(logs_model_detail());
    start_log({log_level::debug, text, false});
    CHECK(logs_model_detail());
    start_log({log_level::error, text, true});
    CHECK(logs_model_detail());
    CHECK_FALSE(logs(log_level::debug));
    start_log({log_level::off, text, true});
    CHECK_FALSE(logs_model_detail());
    CHECK_FALSE(logs(log_level::error));
}

TEST_CASE("what happens often is told once a second, with how often it was") {
    occasional gate;
    const occasional::clock::time_point start{1h};
    const auto first = gate.take(start);
    CHECK(first.now);
    CHECK(first.times == 1);
    for (int i = 0; i < 9; ++i) CHECK_FALSE(gate.take(start + 999ms).now);
    const auto second = gate.take(start + 1s);
    CHECK(second.now);
    CHECK(second.times == 10);
}
