#include "net/openai/openai_model.hpp"

#include "domain/text.hpp"
#include "net/openai/chat_request.hpp"
#include "net/openai/chat_response.hpp"
#include "net/openai/error_table.hpp"
#include "net/openai/sse_parser.hpp"

#include <atomic>
#include <cstddef>
#include <utility>

namespace perin::net {

namespace {

using steady = std::chrono::steady_clock;

/// Framing makes a stream many times as long as its text, which has a bound of its own.
constexpr std::size_t max_stream = std::size_t{512} << 20;
/// Of the body of an error only the codes are of use.
constexpr std::size_t max_error_body = 64 * 1024;
constexpr std::size_t max_plain_body = std::size_t{16} << 20;

std::string completions_url(std::string base) {
    while (base.ends_with('/')) base.pop_back();
    return base + "/chat/completions";
}

/// One call: from the bytes of the answer to the model's events.
class chat_exchange final : public http_exchange, public runtime::model_call {
  public:
    chat_exchange(runtime::model_sink sink, bool stream, const runtime::wall_clock& clock)
        : sink_(std::move(sink)), deltas_(stream), clock_(clock) {}

    void attach(std::shared_ptr<http_call> call) { call_ = std::move(call); }

    void cancel() override {
        cancelled_.store(true);
        call_->cancel();
    }

    void on_head(const http_response_head& head) override {
        head_ = head;
        if (head.status < 200 || head.status > 299) {
            form_ = form::error;
        } else if (head.header("content-type").value_or("").find("event-stream") !=
                   std::string_view::npos) {
            form_ = form::stream;
        }
    }

    body_flow on_body(std::string_view piece) override {
        if (form_ == form::unknown) recognise(piece);
        switch (form_) {
            case form::stream:
                return read_stream(piece);
            case form::error:
                body_.append(piece.substr(0, max_error_body - body_.size()));
                return body_.size() < max_error_body ? body_flow::more : body_flow::enough;
            case form::plain:
                if (body_.size() + piece.size() > max_plain_body) {
                    fail(categorize(http_error::too_large));
                    return body_flow::abort;
                }
                body_.append(piece);
                return body_flow::more;
            case form::unknown:
                break;
        }
        return body_flow::more;
    }

    void on_read_end() override {
        if (!fresh_.empty()) {
            auto text = joiner_.push(fresh_);
            fresh_.clear();
            tell(std::move(text));
        }
        if (stream_failed_ || stream_.ended()) close_stream();
    }

    void on_done(std::optional<http_error> error) override {
        if (sink_ == nullptr) return;
        if (error) {
            // A server may cut the connection where others send `[DONE]`.
            if (*error == http_error::reset && form_ == form::stream && stream_.complete()) {
                close_stream();
            } else {
                fail(categorize(*error));
            }
        } else if (form_ == form::stream) {
            close_stream();
        } else if (form_ == form::error) {
            fail(categorize(head_, body_, clock_.now()));
        } else {
            close_plain();
        }
        sink_ = nullptr;  // also of a call that was cancelled
    }

  private:
    enum class form { unknown, stream, plain, error };

    /// Some servers answer a streamed request with plain JSON, or name neither by its type.
    void recognise(std::string_view piece) {
        const auto first = piece.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) return;
        form_ = piece[first] == '{' || piece[first] == '[' ? form::plain : form::stream;
    }

    body_flow read_stream(std::string_view piece) {
        if (stream_failed_) return body_flow::abort;
        events_.feed(piece);
        while (const auto event = events_.next()) {
            if (stream_.read(event->data, fresh_)) continue;
            stream_failed_ = true;
            return body_flow::abort;
        }
        if (events_.overflowed()) {
            stream_failed_ = true;
            return body_flow::abort;
        }
        return stream_.ended() ? body_flow::enough : body_flow::more;
    }

    void close_stream() {
        if (sink_ == nullptr) return;
        if (!fresh_.empty()) tell(joiner_.push(std::exchange(fresh_, {})));
        tell(joiner_.finish());
        if (events_.overflowed()) {
            fail(categorize(http_error::too_large));
        } else {
            end(std::move(stream_).close(std::move(text_)));
        }
    }

    void close_plain() {
        auto outcome = parse_chat_completion(body_);
        if (const auto* reply = std::get_if<model_reply>(&outcome)) {
            if (deltas_ && !reply->text.empty()) send(model_delta{reply->text});
        }
        end(std::move(outcome));
    }

    void tell(std::string text) {
        if (text.empty()) return;
        text_ += text;
        if (deltas_) send(model_delta{std::move(text)});
    }

    void fail(model_failure why) { end(chat_outcome(std::move(why))); }

    /// The last event; the sink and all that it holds is let go.
    void end(chat_outcome outcome) {
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - started_);
        if (sink_ == nullptr) return;
        if (auto* reply = std::get_if<model_reply>(&outcome)) {
            reply->elapsed = elapsed;
            send(std::move(*reply));
        } else {
            auto& failure = std::get<model_failure>(outcome);
            failure.elapsed = elapsed;
            if (failure.status == 0) failure.status = head_.status;
            send(std::move(failure));
        }
        sink_ = nullptr;
    }

    void send(model_event event) {
        if (!cancelled_.load()) sink_(std::move(event));
    }

    runtime::model_sink sink_;
    const bool deltas_;
    const runtime::wall_clock& clock_;
    const steady::time_point started_ = steady::now();
    std::shared_ptr<http_call> call_;
    std::atomic<bool> cancelled_{false};

    http_response_head head_;
    form form_ = form::unknown;
    std::string body_;

    sse_parser events_;
    chat_stream stream_;
    bool stream_failed_ = false;
    utf8_joiner joiner_;
    /// Text of the read at hand, and all of it so far.
    std::string fresh_;
    std::string text_;
};

}  // namespace

openai_model::openai_model(http_client& client, const runtime::wall_clock& clock,
                           openai_options options)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      url_(completions_url(options_.base_url)) {}

std::shared_ptr<runtime::model_call> openai_model::start(runtime::shared_model_request request,
                                                         runtime::model_sink sink) {
    auto exchange = std::make_shared<chat_exchange>(std::move(sink), request->stream, clock_);
    http_request http{.method = "POST",
                      .url = url_,
                      .headers = {"Content-Type: application/json"},
                      .body = make_chat_body(*request, options_.model),
                      .connect_timeout = options_.connect_timeout,
                      .first_byte_timeout = options_.first_token_timeout,
                      .idle_timeout = options_.idle_timeout,
                      .total_timeout = options_.call_timeout,
                      .max_body = max_stream};
    http.headers.emplace_back(request->stream ? "Accept: text/event-stream, application/json"
                                              : "Accept: application/json");
    if (!options_.api_key.empty()) {
        http.headers.push_back("Authorization: Bearer " + options_.api_key);
    }
    if (request->origin.trace)
        http.headers.push_back("traceparent: " + to_traceparent(*request->origin.trace));
    exchange->attach(client_.start(std::move(http), exchange));
    return exchange;
}

}  // namespace perin::net
