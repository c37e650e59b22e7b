#include "domain/control_tokens.hpp"
#include "domain/text.hpp"
#include "net/front/admission.hpp"
#include "net/front/feed.hpp"
#include "net/front/guest_chat.hpp"
#include "net/front/routes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <charconv>

namespace perin::net {

using namespace runtime;

namespace {

/// Octets of an HTTP answer that may wait to be read for so long.
constexpr std::chrono::seconds slow_reader{10};

std::string chunk(std::string_view data) {
    std::array<char, 20> size{};
    auto end = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16).ptr;
    std::string out(size.data(), end);
    return out.append("\r\n").append(data).append("\r\n");
}

/// One coat of the events: how they look in the body of an answer.
class coat {
  public:
    virtual ~coat() = default;
    [[nodiscard]] virtual const char* content_type() const = 0;
    /// The octets of an event, empty where it is not shown.
    [[nodiscard]] virtual std::string show(const published_event& one) = 0;
    /// Octets that show that the connection lives.
    [[nodiscard]] virtual std::string idle() const { return {}; }
    /// What comes last where the conversation goes away.
    [[nodiscard]] virtual std::string cut(const failure& why) = 0;
};

/// `text/plain` with control tokens.
class text_coat final : public coat {
  public:
    [[nodiscard]] const char* content_type() const override { return "text/plain; charset=utf-8"; }

    [[nodiscard]] std::string show(const published_event& one) override {
        const auto& body = one.value.body;
        if (const auto* delta = std::get_if<text_delta>(&body)) return escaper_.push(delta->text);
        if (const auto* notice = std::get_if<turn_notice>(&body))
            return escaper_.flush() + notice_token(notice->code);
        if (const auto* completed = std::get_if<turn_completed>(&body))
            return escaper_.flush() + (completed->reason == finish_reason::cancelled
                                           ? notice_token("cancelled")
                                           : std::string{});
        if (const auto* failed = std::get_if<turn_failed>(&body))
            return escaper_.flush() + error_token(to_string(failed->code), failed->detail);
        if (tells_of_workflow(body)) return escaper_.flush() + token_of(body);
        return {};
    }
    [[nodiscard]] std::string cut(const failure& why) override {
        return escaper_.flush() + error_token(to_string(why.code), why.detail);
    }

  private:
    text_escaper escaper_;
};

/// `text/event-stream`.
class sse_coat final : public coat {
  public:
    [[nodiscard]] const char* content_type() const override { return "text/event-stream"; }

    [[nodiscard]] std::string show(const published_event& one) override {
        std::string out = "id: " + std::to_string(one.value.seq) + "\nevent: ";
        out.append(kind_of(one.value.body)).append("\ndata: ");
        return out.append(one.frame).append("\n\n");
    }
    [[nodiscard]] std::string idle() const override { return ": alive\n\n"; }
    [[nodiscard]] std::string cut(const failure&) override { return {}; }
};

/// An HTTP answer that is sent over time.
class streamed_answer {
  public:
    streamed_answer(connection& to, exchange& what) : to_(to), what_(what) {}

    [[nodiscard]] bool begun() const { return begun_; }

    task<bool> begin(const char* content_type,
                     std::vector<std::pair<std::string, std::string>> headers) {
        begun_ = true;
        what_.status = 200;
        http_out head{200, content_type, {}, std::move(headers)};
        for (const auto& header : what_.limit_headers) head.headers.push_back(header);
        head.headers.emplace_back("Cache-Control", "no-store");
        head.headers.emplace_back("X-Accel-Buffering", "no");
        add_cors(to_.server(), what_.request, head);
        return put(head_of(head, std::nullopt, what_.request.request_id, to_.stream().encrypted()));
    }
    task<bool> write(const std::string& data) {
        if (data.empty()) co_return true;
        co_return co_await put(chunk(data));
    }
    task<bool> end() { return put("0\r\n\r\n"); }

  private:
    task<bool> put(std::string octets) {
        to_.expire_after(slow_reader);
        auto sent = co_await to_.write(octets);
        to_.expire_never();
        co_return sent;
    }

    connection& to_;
    exchange& what_;
    bool begun_ = false;
};

/// Ends the session with the answer, however that ends.
struct session_guard {
    session_actor session;
    ~session_guard() {
        if (session) caf::anon_send(session, session_stop{});
    }
};

/// Notices that the client goes away while nothing is written.
task<void> watch_for_close(connection& of, std::shared_ptr<feed> news,
                           std::shared_ptr<connection> hold) {
    auto [ec] = co_await of.stream().socket().async_wait(tcp::socket::wait_read, use_tuple);
    (void)hold;
    std::array<char, 1> probe{};
    beast::error_code closed;
    if (!ec) {
        of.stream().socket().non_blocking(true, closed);
        auto size =
            of.stream().socket().receive(asio::buffer(probe), tcp::socket::message_peek, closed);
        // Another request that waits is no farewell.
        if (size > 0 || closed == asio::error::would_block) co_return;
    }
    if (ec == asio::error::operation_aborted) co_return;
    news->ended = true;
    news->changed();
}

/// Why nothing more comes, if so.
std::optional<failure> cut_off(const feed& news) {
    if (news.failed) return news.failed;
    if (news.gone) return failure{error_code::not_found, "the conversation was deleted"};
    if (news.lost)
        return failure{error_code::unavailable,
                       "the server lost track of this answer: read the "
                       "conversation again"};
    return std::nullopt;
}

/// The status of an answer whose turn failed before anything of it was shown.
failure failure_of(const turn_failed& what) { return {what.code, what.detail}; }

task<bool> chat(connection& to, exchange& what) {
    auto& server = to.server();
    auto message = read_chat(what.body, what.host(), false);
    auto refuse_with = [&](const failure& why) {
        auto answer = refuse(what, why);
        return to.answer(what, std::move(answer));
    };
    if (!message) co_return co_await refuse_with(message.error());
    if (what.from->guest)
        if (auto spoken = speak_as_guest(what.guest(), *message); !spoken)
            co_return co_await refuse_with(spoken.error());
    message->origin = {what.request.request_id,
                       parse_traceparent(what.request.header("traceparent"))};
    if (server.draining())
        co_return co_await refuse_with({error_code::unavailable, "the server is shutting down"});

    auto news = std::make_shared<feed>(to.executor());
    to.streams(news);
    session_guard session{server.parts().open_session(news->sink())};
    caf::anon_send(session.session, session_command{session_send{"", std::move(*message)}});
    while (!news->accepted && !cut_off(*news))
        if (!co_await news->wait(std::chrono::seconds{60})) break;
    if (!news->accepted)
        co_return co_await refuse_with(
            cut_off(*news).value_or(failure{error_code::unavailable, "the server is too busy"}));
    auto turn = *news->accepted;
    if (turn.repeated) {
        news->events.clear();
        session_subscribe again{"", {what.host().id, turn.conversation_id}, 0, turn.turn_version};
        if (what.from->guest) again.delegation_id = what.guest().at.link.id;
        caf::anon_send(session.session, session_command{std::move(again)});
    }
    asio::co_spawn(to.executor(), watch_for_close(to, news, to.shared_from_this()), asio::detached);

    std::unique_ptr<coat> shown;
    if (what.request.accepts("text/event-stream"))
        shown = std::make_unique<sse_coat>();
    else
        shown = std::make_unique<text_coat>();
    streamed_answer answer(to, what);
    std::string held;
    auto begin = [&] {
        return answer.begin(shown->content_type(), {{"X-Conversation-Id", turn.conversation_id},
                                                    {"X-Turn-Id", turn.turn_id}});
    };
    // What came together with the acceptance has woken nobody else.
    news->changed();
    auto head_at = swept::clock::now() + server.settings().chat_head_after;
    for (;;) {
        auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(head_at - swept::clock::now());
        auto pause = answer.begun() ? server.settings().sse_comment_every
                                    : std::max(left, std::chrono::milliseconds{0});
        auto fresh = co_await news->wait(pause);
        if (news->ended) co_return false;
        bool text = false;
        bool over = false;
        const turn_failed* early = nullptr;
        for (const auto& one : std::exchange(news->events, {})) {
            // A workflow that an earlier turn began may go on because of this one.
            const auto of_workflow = tells_of_workflow(one->value.body);
            if (one->value.turn_id != turn.turn_id && !of_workflow) continue;
            text |= of_workflow || std::holds_alternative<text_delta>(one->value.body);
            over = ends_turn(one->value);
            if (over) early = std::get_if<turn_failed>(&one->value.body);
            if (early && !answer.begun() && !text) {
                auto why = failure_of(*early);
                co_return co_await refuse_with(why);
            }
            held += shown->show(*one);
            if (over) break;
        }
        if (std::exchange(news->more, false))
            caf::anon_send(session.session, session_command{session_room{}});
        auto lost = cut_off(*news);
        if (lost && !over && !answer.begun()) co_return co_await refuse_with(*lost);
        if (lost && !over) held += shown->cut(*lost);
        if (!answer.begun() && (text || over || lost || swept::clock::now() >= head_at))
            if (!co_await begin()) co_return false;
        if (!answer.begun()) continue;
        if (!fresh) held += shown->idle();
        if (!co_await answer.write(std::exchange(held, {}))) co_return false;
        if (over || lost) {
            beast::error_code ignored;
            to.stream().socket().cancel(ignored);
            co_return co_await answer.end();
        }
    }
}

/// `afterSeq`, or the `Last-Event-ID` that goes before it.
result<std::uint64_t> after_seq_of(const http_in& request) {
    auto text = request.header("last-event-id");
    auto name = text.empty() ? "afterSeq" : "Last-Event-ID";
    if (text.empty()) text = request.parameter("afterSeq").value_or("0");
    std::uint64_t seq = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seq);
    if (ec != std::errc{} || end != text.data() + text.size() || seq > (std::uint64_t{1} << 53))
        return failure{error_code::invalid_request, "must be a whole number from 0", {}, name};
    return seq;
}

task<bool> events(connection& to, exchange& what) {
    auto& server = to.server();
    auto refuse_with = [&](const failure& why) { return to.answer(what, refuse(what, why)); };
    auto after = after_seq_of(what.request);
    if (!after) co_return co_await refuse_with(after.error());
    auto news = std::make_shared<feed>(to.executor());
    to.streams(news);
    session_guard session{server.parts().open_session(news->sink())};
    caf::anon_send(session.session, session_command{session_subscribe{
                                        "", {what.account().id, what.request.path[2]}, *after}});
    while (!news->subscribed && !cut_off(*news))
        if (!co_await news->wait(std::chrono::seconds{60})) break;
    if (!news->subscribed)
        co_return co_await refuse_with(
            cut_off(*news).value_or(failure{error_code::unavailable, "the server is too busy"}));
    asio::co_spawn(to.executor(), watch_for_close(to, news, to.shared_from_this()), asio::detached);
    sse_coat shown;
    streamed_answer answer(to, what);
    if (!co_await answer.begin(shown.content_type(), {})) co_return false;
    for (bool fresh = true;;) {
        std::string out;
        for (const auto& one : std::exchange(news->events, {})) out += shown.show(*one);
        if (!fresh) out += shown.idle();
        if (!co_await answer.write(out)) co_return false;
        if (std::exchange(news->more, false))
            caf::anon_send(session.session, session_command{session_room{}});
        if (news->ended) co_return false;
        if (cut_off(*news) || server.draining()) {
            beast::error_code ignored;
            to.stream().socket().cancel(ignored);
            co_return co_await answer.end();
        }
        if (!news->events.empty()) continue;
        fresh = co_await news->wait(server.settings().sse_comment_every);
    }
}

}  // namespace

void add_chat_routes(std::vector<route>& to) {
    to.push_back({http_method::post,
                  {"api", "ai", "chat"},
                  access::user_or_guest,
                  limit_class::chat,
                  nullptr,
                  chat});
    to.push_back({http_method::get,
                  {"api", "conversations", "*", "events"},
                  access::user,
                  limit_class::rest,
                  nullptr,
                  events});
}

}  // namespace perin::net
