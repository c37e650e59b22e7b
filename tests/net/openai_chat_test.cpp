#include "domain/text.hpp"
#include "net/openai/chat_chunk.hpp"
#include "net/openai/chat_request.hpp"
#include "net/openai/chat_response.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <rapidcheck.h>
#include <string>
#include <vector>

using namespace perin;
using namespace perin::net;
using nlohmann::json;

namespace {

chat_outcome read_stream(const std::vector<std::string>& payloads) {
    chat_stream stream;
    std::string text;
    for (const auto& payload : payloads) {
        if (!stream.read(payload, text)) break;
    }
    return std::move(stream).close(repaired_utf8(text));
}

std::string content(const std::string& text) {
    return R"({"id":"c","choices":[{"index":0,"delta":{"content":)" + json(text).dump() +
           R"(},"finish_reason":null}],"usage":null})";
}

std::string delta(const std::string& fields, const std::string& finish = "null") {
    return R"({"choices":[{"index":0,"delta":{)" + fields + R"(},"finish_reason":)" + finish +
           "}]}";
}

model_reply reply_of(const chat_outcome& outcome) {
    REQUIRE(std::holds_alternative<model_reply>(outcome));
    return std::get<model_reply>(outcome);
}

model_failure failure_of(const chat_outcome& outcome) {
    REQUIRE(std::holds_alternative<model_failure>(outcome));
    return std::get<model_failure>(outcome);
}

}  // namespace

TEST_CASE("a request becomes the body of a chat completion") {
    model_request request;
    request.messages = {
        {.role = chat_role::system, .content = "You are \"Perin\"\n"},
        {.role = chat_role::user, .content = "h\xC3\xA4\xFF"},
        {.role = chat_role::assistant,
         .content = "",
         .tool_calls = {{"call_1", "clock", R"({"a":"b"})"}}},
        {.role = chat_role::tool, .content = "12:00", .tool_call_id = "call_1"},
        {.role = chat_role::assistant, .content = "noon"},
    };
    request.tools = {{"clock", "Tells the time.", json{{"type", "object"}}}};
    request.max_tokens = 99;

    const auto body = json::parse(make_chat_body(request, "some-model"));
    CHECK(body == json::parse(R"({
        "model": "some-model", "stream": true, "stream_options": {"include_usage": true},
        "max_tokens": 99,
        "messages": [
            {"role": "system", "content": "You are \"Perin\"\n"},
            {"role": "user", "content": "hä\ufffd"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function",
                 "function": {"name": "clock", "arguments": "{\"a\":\"b\"}"}}]},
            {"role": "tool", "content": "12:00", "tool_call_id": "call_1"},
            {"role": "assistant", "content": "noon"}],
        "tools": [{"type": "function", "function": {
            "name": "clock", "description": "Tells the time.", "parameters": {"type": "object"}}}]
    })"));

    request = {.messages = {}, .stream = false};
    CHECK(json::parse(make_chat_body(request, "m")) ==
          json::parse(R"({"model":"m","messages":[]})"));
}

TEST_CASE("the form of an answer is asked for as a strict schema") {
    const json schema{{"type", "object"},
                      {"properties", {{"a", {{"type", "string"}}}}},
                      {"required", {"a"}},
                      {"additionalProperties", false}};
    model_request request{.messages = {}, .stream = false, .response = {{"an_answer", schema}}};
    const auto body = json::parse(make_chat_body(request, "m"));
    CHECK(body ==
          json{{"model", "m"},
               {"messages", json::array()},
               {"response_format",
                {{"type", "json_schema"},
                 {"json_schema", {{"name", "an_answer"}, {"strict", true}, {"schema", schema}}}}}});
    request.response->name = "a\"\xFF";
    CHECK(json::parse(make_chat_body(request, "m"))["response_format"]["json_schema"]["name"] ==
          "a\"\xEF\xBF\xBD");
}

TEST_CASE("the limit of tokens is named as the model's family wants it") {
    for (const auto* old : {"gpt-4o-mini", "gpt-4.1", "gpt-oss-20b", "llama-3", "olmo", "mock", "",
                            "mistral/open-7b"}) {
        INFO(old);
        CHECK(max_tokens_key(old) == "max_tokens");
    }
    for (const auto* recent : {"o1", "o3-mini", "gpt-5", "gpt-5.1-nano", "openai/o4-mini"}) {
        INFO(recent);
        CHECK(max_tokens_key(recent) == "max_completion_tokens");
    }
}

TEST_CASE("a stream becomes a reply") {
    const auto reply = reply_of(read_stream({
        delta(R"("role":"assistant","content":"")"),
        content("Hello"),
        content(" wor\"ld\\"),
        content(" \xF0\x9F\x98\x80"),
        delta(R"("refusal":"no")"),
        delta("", R"("length")"),
        R"({"choices":null,"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})",
        "[DONE]",
        "garbage after the end",
    }));
    CHECK(reply.text == "Hello wor\"ld\\ \xF0\x9F\x98\x80no");
    CHECK(reply.finish == model_finish::length);
    CHECK(reply.usage == token_usage{3, 4, 7});
    CHECK(reply.tool_calls.empty());
}

TEST_CASE("the shapes of compatible servers are accepted") {
    const struct {
        const char* what;
        std::vector<std::string> payloads;
        const char* text;
    } table[] = {
        {"no choices key", {content("a"), R"({"usage":{}})", "[DONE]"}, "a"},
        {"empty choices", {content("a"), R"({"choices":[]})", "[DONE]"}, "a"},
        {"no [DONE]", {content("a"), delta("", R"("stop")")}, "a"},
        {"no finish reason", {content("a"), "[DONE]"}, "a"},
        {"an empty event", {content("a"), "", " ", "[DONE]"}, "a"},
        {"spaces around", {content("a"), " [DONE] "}, "a"},
        {"spaces within",
         {R"({"choices": [{"delta": {"content": "a"}}]})",
          R"({"choices": [{"delta": {"content": "b"}}]})", "[DONE]"},
         "ab"},
        {"content in parts",
         {delta(R"("content":[{"type":"text","text":"a"},{"type":"text","text":"b"}])"), "[DONE]"},
         "ab"},
        {"unknown fields",
         {R"({"x":{"content":"no","choices":[{"delta":{"content":"no"}}]},"choices":[{"y":[[{"content":"no"}]],)"
          R"("delta":{"z":{"content":"no"},"content":"a"},"logprobs":{"content":[{"token":"no"}]}}]})",
          "[DONE]"},
         "a"},
        {"a second choice",
         {R"({"choices":[{"delta":{"content":"a"}},{"delta":{"content":"no"}}]})", "[DONE]"},
         "a"},
        {"a null error",
         {R"({"error":null,"choices":[{"delta":{"content":"a"}}]})", "[DONE]"},
         "a"},
        {"bytes that are no UTF-8",
         {R"({"id":")"
          "\xFF"
          R"(","choices":[{"delta":{"content":"a"}}]})",
          "[DONE]"},
         "a"},
    };
    for (const auto& row : table) {
        INFO(row.what);
        const auto reply = reply_of(read_stream(row.payloads));
        CHECK(reply.text == row.text);
        CHECK(reply.finish == model_finish::stop);
    }
}

TEST_CASE("a character split over two chunks is put together") {
    const std::string before = R"({"choices":[{"delta":{"content":")";
    const std::string after = R"("}}]})";
    const auto reply = reply_of(read_stream(
        {before + "a" + after, before + "\xC3" + after, before + "\xA4" + after, "[DONE]"}));
    CHECK(reply.text == "a\xC3\xA4");
}

TEST_CASE("a character past U+FFFF whose two escapes come apart is put together") {
    const struct {
        const char* what;
        std::vector<std::string> pieces;
        std::string text;
    } table[] = {
        {"in two deltas",
         {R"(a\ud83d)", R"(\ude00b)"},
         "a\xF0\x9F\x98\x80"
         "b"},
        {"in capitals", {R"(\uD83D)", R"(\uDE00)"}, "\xF0\x9F\x98\x80"},
        {"after a pair, before a pair",
         {R"(\ud83d\ude00\ud83d)", R"(\ude01\ud83d\ude02)"},
         "\xF0\x9F\x98\x80\xF0\x9F\x98\x81\xF0\x9F\x98\x82"},
        {"with an empty delta between", {R"(\ud83d)", "", R"(\ude00)"}, "\xF0\x9F\x98\x80"},
        {"a first half alone, then plain text",
         {"a", "b", R"(\ud83d)", "c", "d"},
         "ab\xEF\xBF\xBD"
         "cd"},
        {"a first half twice",
         {R"(\ud83d)", R"(\ud83d)", R"(\ude00)"},
         "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"a first half at the end", {R"(a\ud83d)"}, "a\xEF\xBF\xBD"},
        {"a second half alone",
         {R"(a\ude00)", "b"},
         "a\xEF\xBF\xBD"
         "b"},
        {"an escaped backslash is none",
         {R"(\\ud83d)", R"(\\\ud83d)", R"(\ude00)"},
         R"(\ud83d\)"
         "\xF0\x9F\x98\x80"},
        {"beside letters of the same first octet",
         {"\xED\x9F\xBF\\ud83d", R"(\ude00)"},
         "\xED\x9F\xBF\xF0\x9F\x98\x80"},
    };
    for (const auto& row : table) {
        INFO(row.what);
        std::vector<std::string> payloads;
        for (const auto& piece : row.pieces)
            payloads.push_back(R"({"choices":[{"delta":{"content":")" + piece + R"("}}]})");
        auto cut_off = payloads;
        payloads.emplace_back("[DONE]");
        CHECK(reply_of(read_stream(payloads)).text == row.text);
        cut_off.emplace_back(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
        CHECK(reply_of(read_stream(cut_off)).text == row.text);
    }
}

TEST_CASE("a tool call's arguments may be cut within a character, its name is repaired") {
    const auto call = [](const std::string& fields) {
        return delta(R"("tool_calls":[{"index":0,"function":{)" + fields + "}}]");
    };
    const auto reply = reply_of(read_stream({call(R"("name":"f\ud83d","arguments":"\"\ud83d")"),
                                             call(R"("arguments":"\ude00\"")"), "[DONE]"}));
    REQUIRE(reply.tool_calls.size() == 1);
    CHECK(reply.tool_calls[0].arguments == "\"\xF0\x9F\x98\x80\"");
    CHECK(is_utf8(reply.tool_calls[0].name));
}

TEST_CASE("halves of characters never reach a text, however a stream is cut") {
    const bool held = rc::check([] {
        const auto units =
            *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                "\\ud83d", "\\ude00", "a", "\\\\", "\\n", "\xED\x9F\xBF", "\xED\xA0\x80", ""));
        chat_stream stream;
        std::string text;
        for (const auto& unit : units)
            RC_ASSERT(
                stream.read(R"({"choices":[{"delta":{"content":")" + unit + R"("}}]})", text));
        RC_ASSERT(stream.read("[DONE]", text));
        RC_ASSERT(is_utf8(text));
    });
    CHECK(held);
}

TEST_CASE("tool calls are assembled by their index") {
    const auto call = [](const std::string& fields) {
        return delta(R"("tool_calls":[)" + fields + "]");
    };
    const struct {
        const char* what;
        std::vector<std::string> payloads;
        std::vector<tool_call> expected;
    } table[] = {
        {"in pieces, interleaved",
         {call(R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}})"),
          call(R"({"index":0,"id":"a","function":{"name":"f"}})"),
          call(R"({"index":1,"function":{"arguments":"{\"x\""}})"),
          call(
              R"({"index":0,"function":{"arguments":"{"}},{"function":{"arguments":":1}"},"index":1})"),
          call(R"({"index":0,"function":{"arguments":"}"}})")},
         {{"a", "f", "{}"}, {"b", "g", R"({"x":1})"}}},
        {"a missing id gets one that is free",
         {call(R"({"index":0,"function":{"name":"f","arguments":"{}"}},)"
               R"({"index":1,"id":"call_1","function":{"name":"g","arguments":"{}"}})")},
         {{"call_2", "f", "{}"}, {"call_1", "g", "{}"}}},
        {"an id that is repeated",
         {call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"),
          call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"}"}})")},
         {{"a", "f", "{}"}}},
        {"all of index 0, told apart by id",
         {call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"),
          call(R"({"index":0,"id":"b","function":{"name":"g","arguments":"{"}})"),
          call(R"({"index":0,"function":{"arguments":"}"}})")},
         {{"a", "f", "{}"}, {"b", "g", "{}"}}},
        {"no index, each whole",
         {call(R"({"id":"a","function":{"name":"f","arguments":"{}"}},)"
               R"({"function":{"name":"g","arguments":"[]"}})")},
         {{"a", "f", "{}"}, {"call_1", "g", "[]"}}},
    };
    for (auto row : table) {
        INFO(row.what);
        row.payloads.push_back(delta("", R"("tool_calls")"));
        const auto reply = reply_of(read_stream(row.payloads));
        CHECK(reply.tool_calls == row.expected);
        CHECK(reply.finish == model_finish::tool_calls);
        CHECK(reply.text.empty());
    }
}

TEST_CASE("a stream that is no answer is a failure") {
    std::string deep = R"({"choices":)";
    for (int i = 0; i < 100; ++i) deep += '[';
    const struct {
        const char* what;
        std::vector<std::string> payloads;
        error_category category;
    } table[] = {
        {"nothing", {}, error_category::unknown},
        {"cut", {content("a")}, error_category::unknown},
        {"empty", {delta("", R"("stop")"), "[DONE]"}, error_category::unknown},
        {"withheld", {delta("", R"("content_filter")"), "[DONE]"}, error_category::rejected},
        {"not JSON", {content("a"), "<html>", "[DONE]"}, error_category::unknown},
        {"half of JSON", {content("a"), R"({"choices":[)", "[DONE]"}, error_category::unknown},
        {"not an object", {"[]", "[DONE]"}, error_category::unknown},
        {"nested too deep", {deep}, error_category::unknown},
        {"an error object",
         {content("a"), R"({"error":{"message":"x","type":"server_error"}})"},
         error_category::unknown},
        {"an error text", {R"({"error":"x"})", content("a"), "[DONE]"}, error_category::unknown},
        {"a spent quota",
         {R"({"error":{"code":"insufficient_quota","type":null}})"},
         error_category::quota},
        {"a rate limit",
         {R"({"error":{"code":null,"type":"rate_limit_error"}})"},
         error_category::rate_limit},
        {"too long",
         {R"({"error":{"code":"context_length_exceeded"}})"},
         error_category::context_too_large},
        {"a negative index",
         {delta(R"("tool_calls":[{"index":-1,"function":{}}])"), "[DONE]"},
         error_category::unknown},
        {"a huge index",
         {delta(R"("tool_calls":[{"index":128,"function":{}}])"), "[DONE]"},
         error_category::unknown},
    };
    for (const auto& row : table) {
        INFO(row.what);
        const auto failure = failure_of(read_stream(row.payloads));
        CHECK(failure.category == row.category);
        CHECK_FALSE(failure.detail.empty());
    }
}

TEST_CASE("an answer without end is a failure") {
    chat_stream stream;
    std::string text;
    const auto payload = content(std::string(64 * 1024, 'x'));
    std::size_t reads = 0;
    while (stream.read(payload, text)) REQUIRE(++reads <= 64);
    CHECK(text.size() <= chat_stream::max_text);
    CHECK(failure_of(std::move(stream).close(text)).category == error_category::unknown);
}

TEST_CASE("an answer that is not streamed is read alike") {
    const auto reply = reply_of(parse_chat_completion(R"({"id":"x","choices":[{"index":0,"message":
        {"role":"assistant","content":"hi","refusal":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},
        "finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})"));
    CHECK(reply.text == "hi");
    CHECK(reply.tool_calls == std::vector<tool_call>{{"a", "f", "{}"}, {"b", "g", "{}"}});
    CHECK(reply.finish == model_finish::tool_calls);
    CHECK(reply.usage == token_usage{1, 2, 3});

    for (const auto* bad : {"", "[DONE]", "null", "{}", "<html></html>",
                            R"({"choices":[{"message":{"content":""}}]})"}) {
        INFO(bad);
        CHECK(failure_of(parse_chat_completion(bad)).category == error_category::unknown);
    }
}

TEST_CASE("what the pattern of a stream recognises is what the parser would read") {
    const bool held = rc::check([](const std::vector<std::string>& texts, bool spaced) {
        std::vector<std::string> payloads;
        std::string expected;
        for (const auto& text : texts) {
            const auto good = repaired_utf8(text);
            expected += good;
            const json chunk{{"choices", {{{"index", 0}, {"delta", {{"content", good}}}}}},
                             {"obfuscation", "content"}};
            auto payload = chunk.dump();
            if (spaced) payload.replace(payload.find("\"content\":"), 10, "\"content\": ");
            payloads.push_back(payload);
        }
        chat_stream stream;
        std::string text;
        for (const auto& payload : payloads) RC_ASSERT(stream.read(payload, text));
        RC_ASSERT(text == expected);
    });
    CHECK(held);
}

TEST_CASE("the pattern does not take another structure for text") {
    const std::string before = R"({"choices":[{"delta":{"content":")";
    const std::string after = R"("}}]})";
    text_chunk_pattern pattern;
    CHECK_FALSE(pattern.match(before + "x" + after));
    const auto first = read_chat_chunk(before + "one" + after);
    REQUIRE(first);
    pattern.learn(before + "one" + after, *first);
    CHECK(pattern.match(before + " two" + after) == " two");
    CHECK(pattern.match(before + after) == "");
    CHECK_FALSE(pattern.match(before + R"(a\n)" + after));
    CHECK_FALSE(pattern.match(before + R"(a","content":"b)" + after));
    CHECK_FALSE(pattern.match(before + "a\n" + after));
    CHECK_FALSE(pattern.match(before.substr(1) + "a" + after));
    CHECK_FALSE(pattern.match(before));

    // Text of a place that does not count must not be learned.
    const std::string refusal = R"({"x":{"content":"no"},"choices":[{"delta":{"refusal":"no"}}]})";
    text_chunk_pattern other;
    other.learn(refusal, *read_chat_chunk(refusal));
    CHECK_FALSE(other.match(refusal));
}

TEST_CASE("damaged chunks never break the reader") {
    const auto whole =
        delta(R"("content":"\u00e4\ud83d\ude00","tool_calls":[{"index":0,"id":"a","function":)"
              R"({"name":"f","arguments":"{}"}}])");
    const bool held = rc::check([&whole] {
        auto damaged = whole;
        const auto hits =
            *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(rc::gen::pair(
                rc::gen::inRange<std::size_t>(0, whole.size()), rc::gen::arbitrary<char>()));
        for (const auto& [at, byte] : hits) damaged[at] = byte;
        damaged.resize(*rc::gen::inRange<std::size_t>(0, whole.size() + 1));
        const auto chunk = read_chat_chunk(damaged);
        if (!chunk) return;
        surrogate_joiner halves;
        std::string text;
        halves.push(chunk->text, text);
        halves.finish(text);
        RC_ASSERT(is_utf8(text));
    });
    CHECK(held);
}
