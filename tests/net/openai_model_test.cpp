#include "net/openai/openai_model.hpp"

#include "domain/text.hpp"
#include "tests/net/scripted_server.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

using namespace perin;
using namespace perin::net;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

class fixed_clock final : public runtime::wall_clock {
  public:
    [[nodiscard]] timestamp now() const override { return timestamp(1s * 784111777); }
};

/// Notes a call's events; whoever asks waits for them.
class call_record {
  public:
    [[nodiscard]] runtime::model_sink sink() const {
        return [shared = shared_](model_event event) {
            const std::lock_guard lock(shared->mutex);
            if (const auto* delta = std::get_if<model_delta>(&event)) {
                shared->deltas.push_back(delta->text);
            } else {
                shared->ends.push_back(std::move(event));
            }
            shared->changed.notify_all();
        };
    }

    [[nodiscard]] bool has_deltas(std::size_t count) const {
        return comes([&](const state& now) { return now.deltas.size() >= count; });
    }
    [[nodiscard]] std::vector<std::string> deltas() const {
        const std::lock_guard lock(shared_->mutex);
        return shared_->deltas;
    }
    [[nodiscard]] std::size_t ends() const {
        const std::lock_guard lock(shared_->mutex);
        return shared_->ends.size();
    }
    [[nodiscard]] model_reply reply() const {
        REQUIRE(comes([](const state& now) { return !now.ends.empty(); }));
        const std::lock_guard lock(shared_->mutex);
        REQUIRE(std::holds_alternative<model_reply>(shared_->ends[0]));
        return std::get<model_reply>(shared_->ends[0]);
    }
    [[nodiscard]] model_failure failure() const {
        REQUIRE(comes([](const state& now) { return !now.ends.empty(); }));
        const std::lock_guard lock(shared_->mutex);
        REQUIRE(std::holds_alternative<model_failure>(shared_->ends[0]));
        return std::get<model_failure>(shared_->ends[0]);
    }
    /// Whether the call has let go of its sink.
    [[nodiscard]] bool released() const { return shared_.use_count() == 1; }

  private:
    struct state {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> deltas;
        std::vector<model_event> ends;
    };
    template <class Condition>
    bool comes(Condition condition) const {
        std::unique_lock lock(shared_->mutex);
        return shared_->changed.wait_for(lock, 10s, [&] { return condition(*shared_); });
    }
    std::shared_ptr<state> shared_ = std::make_shared<state>();
};

struct service {
    explicit service(server_script script, openai_options options = {})
        : server([script = std::move(script)](const received_request&) { return script; }),
          model(client, clock, with_url(std::move(options), server.url("/base/v1/"))) {}

    static openai_options with_url(openai_options options, std::string url) {
        options.base_url = std::move(url);
        return options;
    }

    std::shared_ptr<runtime::model_call> start(const call_record& record, bool stream = true) {
        auto request = std::make_shared<model_request>();
        request->messages.push_back({.role = chat_role::user, .content = "hello"});
        request->stream = stream;
        return model.start(std::move(request), record.sink());
    }

    scripted_server server;
    fixed_clock clock;
    http_client client;
    openai_model model;
};

std::string event(const std::string& payload) { return http_chunk("data: " + payload + "\n\n"); }

std::string content(const std::string& text, const std::string& finish = "null") {
    return event(R"({"choices":[{"index":0,"delta":{"content":")" + text +
                 R"("},"finish_reason":)" + finish + "}]}");
}

std::string done() { return event("[DONE]") + last_chunk(); }

std::string completion(const std::string& text) {
    return json{{"choices", {{{"message", {{"content", text}}}, {"finish_reason", "stop"}}}}}
        .dump();
}

}  // namespace

TEST_CASE("a streamed answer comes as one delta a read, then as a reply") {
    service peer({send_bytes{stream_head() + content("Hello") + content(" wor")}, hold{},
                  send_bytes{content("ld") + content("!") + content("", R"("stop")") +
                             event(R"({"choices":[],"usage":{"prompt_tokens":1,)"
                                   R"("completion_tokens":2,"total_tokens":3}})") +
                             done()}},
                 {.api_key = "sk-secret", .model = "some-model"});
    const call_record record;
    peer.start(record);
    REQUIRE(record.has_deltas(1));
    CHECK(record.deltas() == std::vector<std::string>{"Hello wor"});
    peer.server.resume();
    const auto reply = record.reply();
    CHECK(reply.text == "Hello world!");
    CHECK(reply.finish == model_finish::stop);
    CHECK(reply.usage == token_usage{1, 2, 3});
    CHECK(reply.elapsed > 0us);
    CHECK(record.deltas() == std::vector<std::string>{"Hello wor", "ld!"});

    const auto requests = peer.server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].target == "/base/v1/chat/completions");
    CHECK(requests[0].header_lines.find("Authorization: Bearer sk-secret") != std::string::npos);
    CHECK(requests[0].header_lines.find("Content-Type: application/json") != std::string::npos);
    CHECK(json::parse(requests[0].body).at("model") == "some-model");
    CHECK(peer.model.name() == "some-model");
}

TEST_CASE("a trace goes on to the service, and nothing else of where a call comes from") {
    service peer({send_bytes{stream_head() + content("a") + done()}});
    auto traced = std::make_shared<model_request>();
    traced->origin = {"cnv_12345678", "trn_1", "req_1",
                      parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")};
    const call_record record;
    const auto call = peer.model.start(traced, record.sink());
    CHECK(record.reply().text == "a");
    const auto requests = peer.server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].header_lines.find(
              "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") !=
          std::string::npos);
    for (const auto* own : {"cnv_12345678", "trn_1", "req_1"}) {
        CHECK(requests[0].header_lines.find(own) == std::string::npos);
        CHECK(requests[0].body.find(own) == std::string::npos);
    }
}

TEST_CASE("a reply comes with [DONE], and the connection serves the next call") {
    service peer({send_bytes{stream_head() + content("a")}, send_bytes{done()}});
    for (int i = 0; i < 3; ++i) {
        const call_record record;
        peer.start(record);
        CHECK(record.reply().text == "a");
    }
    CHECK(peer.server.reaches([](const auto& count) { return count.requests == 3; }));
    CHECK(peer.server.count().connections == 1);
    CHECK(peer.server.requests()[0].header_lines.find("Authorization") == std::string::npos);
}

TEST_CASE("a server that never ends its stream does not delay the reply") {
    service peer({send_bytes{stream_head() + content("a") + event("[DONE]")}, hold{}});
    const call_record record;
    peer.start(record);
    CHECK(record.reply().text == "a");
    CHECK(peer.server.reaches([](const auto& count) { return count.lost == 1; }));
    CHECK(record.ends() == 1);
}

TEST_CASE("characters are whole in every delta, however the bytes are split") {
    const std::string text = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
    const auto bytes = stream_head() + content("x") + content(text) + done();
    const auto at = bytes.find(text);
    for (std::size_t cut = at; cut <= at + text.size(); ++cut) {
        service peer({send_bytes{bytes.substr(0, cut)}, hold{}, send_bytes{bytes.substr(cut)}});
        const call_record record;
        peer.start(record);
        REQUIRE(peer.server.reaches([](const auto& count) { return count.holds == 1; }));
        peer.server.resume();
        CHECK(record.reply().text == "x" + text);
        for (const auto& delta : record.deltas()) CHECK(is_utf8(delta));
    }
    service split({send_bytes{stream_head() + content("x") + content("\xC3")}, hold{},
                   send_bytes{content("\xA4") + content("\xC3") + done()}});
    const call_record record;
    split.start(record);
    REQUIRE(record.has_deltas(1));
    split.server.resume();
    CHECK(record.reply().text == "x\xC3\xA4\xEF\xBF\xBD");
    CHECK(record.deltas() == std::vector<std::string>{"x", "\xC3\xA4", "\xEF\xBF\xBD"});
}

TEST_CASE("an answer is taken for what it is, whatever was asked for") {
    const auto json_head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    const auto plain = completion("hi");
    const auto sse = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n";
    const auto sized = [](const std::string& head, const std::string& body) {
        return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    };
    const struct {
        const char* what;
        bool stream;
        std::string answer;
        std::size_t deltas;
    } table[] = {
        {"plain", false, sized(json_head, plain), 0},
        {"plain for a stream", true, sized(json_head, plain), 1},
        {"plain without a type", false, sized("HTTP/1.1 200 OK\r\n", "\r\n " + plain), 0},
        {"a stream without a type", true, sized("HTTP/1.1 200 OK\r\n", sse), 1},
        {"a stream for plain", false,
         sized("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n", sse), 0},
    };
    for (const auto& row : table) {
        INFO(row.what);
        service peer({send_bytes{row.answer}});
        const call_record record;
        peer.start(record, row.stream);
        CHECK(record.reply().text == "hi");
        CHECK(record.deltas().size() == row.deltas);
    }
}

TEST_CASE("a call that fails says how") {
    const auto quota = R"({"error":{"message":"sk-secret","code":"insufficient_quota"}})";
    const openai_options brief{.api_key = "sk-secret",
                               .first_token_timeout = 60ms,
                               .idle_timeout = 50ms,
                               .call_timeout = 9s};
    const openai_options patient{.api_key = "sk-secret"};
    const struct {
        const char* what;
        server_script script;
        openai_options options;
        error_category category;
        int status;
        std::optional<std::chrono::milliseconds> wait;
    } table[] = {
        {"429",
         {send_bytes{http_answer("429 Too Many", "", "Retry-After: 2\r\n")}},
         patient,
         error_category::rate_limit,
         429,
         2s},
        {"429 until a date",
         {send_bytes{
             http_answer("429 Too Many", "", "Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n")}},
         patient,
         error_category::rate_limit,
         429,
         10s},
        {"a spent quota",
         {send_bytes{http_answer("429 Too Many", quota)}},
         patient,
         error_category::quota,
         429,
         {}},
        {"500",
         {send_bytes{http_answer("500 Oops", "<html>")}},
         patient,
         error_category::unknown,
         500,
         {}},
        {"500 with a long body",
         {send_bytes{http_answer("500 Oops", std::string(200'000, 'x'))}},
         patient,
         error_category::unknown,
         500,
         {}},
        {"a redirect",
         {send_bytes{http_answer("302 Found", "", "Location: /\r\n")}},
         patient,
         error_category::rejected,
         302,
         {}},
        {"401",
         {send_bytes{http_answer("401 No", "")}},
         patient,
         error_category::authentication,
         401,
         {}},
        {"an empty answer",
         {send_bytes{http_answer("200 OK", "")}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"an empty stream",
         {send_bytes{stream_head() + last_chunk()}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"closed before an answer", {close_connection{}}, patient, error_category::unknown, 0, {}},
        {"cut within an event",
         {send_bytes{stream_head() + content("a") + http_chunk("data: {\"cho")},
          close_connection{}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"ended within an answer",
         {send_bytes{stream_head() + content("a") + last_chunk()}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"garbage",
         {send_bytes{stream_head() + event("{]") + done()}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"a web page",
         {send_bytes{http_answer("200 OK", "<html>hello</html>")}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"an endless line",
         {send_bytes{stream_head() + http_chunk(std::string(2 << 20, 'x'))}, hold{}},
         patient,
         error_category::unknown,
         200,
         {}},
        {"an error within the stream",
         {send_bytes{stream_head() + event(R"({"error":{"type":"rate_limit_error"}})")}, hold{}},
         patient,
         error_category::rate_limit,
         200,
         {}},
        {"no answer", {hold{}}, brief, error_category::timeout, 0, {}},
        {"a head and nothing more",
         {send_bytes{stream_head()}, hold{}},
         brief,
         error_category::timeout,
         200,
         {}},
        {"silence",
         {send_bytes{stream_head() + content("a")}, hold{}},
         brief,
         error_category::timeout,
         200,
         {}},
    };
    for (const auto& row : table) {
        INFO(row.what);
        service peer(row.script, row.options);
        const call_record record;
        peer.start(record);
        const auto failure = record.failure();
        CHECK(failure.category == row.category);
        CHECK(failure.status == row.status);
        CHECK(failure.retry_after == row.wait);
        CHECK(failure.elapsed > 0us);
        CHECK_FALSE(failure.detail.empty());
        CHECK(failure.detail.find("secret") == std::string::npos);
        CHECK(record.ends() == 1);
    }
}

TEST_CASE("a connection that is cut after the finish reason was in time") {
    service peer({send_bytes{stream_head() + content("a", R"("stop")")}, close_connection{}});
    const call_record record;
    peer.start(record);
    CHECK(record.reply().text == "a");
}

TEST_CASE("a model that nobody serves is a failure") {
    const fixed_clock clock;
    http_client client;
    openai_model refused(client, clock, {.base_url = refusing_url()});
    openai_model nonsense(client, clock, {.base_url = "nonsense://", .api_key = "a\nb"});
    for (auto* model : {&refused, &nonsense}) {
        const call_record record;
        static_cast<void>(model->start(std::make_shared<model_request>(), record.sink()));
        CHECK(record.failure().category == error_category::unknown);
        CHECK(record.failure().status == 0);
    }
}

TEST_CASE("nothing comes after a cancel, and the server sees it") {
    service peer({send_bytes{stream_head() + content("a")}, hold{}, send_bytes{content("b")},
                  send_bytes{done()}});
    const call_record record;
    const auto call = peer.start(record);
    REQUIRE(record.has_deltas(1));
    call->cancel();
    call->cancel();
    CHECK(peer.server.reaches([](const auto& count) { return count.lost == 1; }));
    CHECK(record.deltas().size() == 1);
    CHECK(record.ends() == 0);
}

TEST_CASE("the end of the client fails the calls that are left, and lets go of their sinks") {
    const fixed_clock clock;
    scripted_server server([](const received_request&) -> server_script { return {hold{}}; });
    const call_record left;
    const call_record cancelled;
    {
        http_client client;
        openai_model model(client, clock, {.base_url = server.url("/v1")});
        static_cast<void>(model.start(std::make_shared<model_request>(), left.sink()));
        model.start(std::make_shared<model_request>(), cancelled.sink())->cancel();
    }
    CHECK(left.failure().category == error_category::unknown);
    CHECK(left.ends() == 1);
    CHECK(cancelled.ends() == 0);
    CHECK(left.released());
    CHECK(cancelled.released());
}

TEST_CASE("a thousand streams arrive whole") {
    constexpr std::size_t streams = 1'000;
    service peer({send_bytes{stream_head() + content("a")}, hold{}, send_bytes{content("b")},
                  send_bytes{content("c") + done()}});
    std::vector<call_record> records(streams);
    for (const auto& record : records) peer.start(record);
    REQUIRE(peer.server.reaches([](const auto& count) { return count.holds == streams; }));
    peer.server.resume();
    for (const auto& record : records) REQUIRE(record.reply().text == "abc");
}
