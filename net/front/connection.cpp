#include "net/front/connection.hpp"

#include "net/front/admission.hpp"
#include "net/front/routes.hpp"
#include "net/front/websocket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>

namespace perin::net {

namespace http = beast::http;

namespace {

constexpr std::size_t most_header = 16 * 1024;
constexpr std::size_t most_body = 1024 * 1024;

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::optional<failure> failure_of(beast::error_code ec) {
    if (ec == http::error::header_limit)
        return failure{error_code::headers_too_large, "the header block is over 16 KiB"};
    if (ec == http::error::body_limit)
        return failure{error_code::too_large, "the body is over 1 MiB"};
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
    if (ec.category() == http::make_error_code(http::error::bad_method).category())
        return failure{error_code::invalid_request, "the request is not valid HTTP"};
    return std::nullopt;
}

/// Client-given ids go into headers and logs: only harmless ones are taken.
bool is_request_id(const std::string& text) {
    return !text.empty() && text.size() <= 100 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

bool matches(const route& one, const http_in& request) {
    if (one.path.size() != request.path.size()) return false;
    for (std::size_t i = 0; i < one.path.size(); ++i)
        if (one.path[i] != "*" && one.path[i] != request.path[i]) return false;
    return true;
}

}  // namespace

void start_connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
                      bool admin, bool full) {
    auto made = std::make_shared<connection>(server, std::move(socket), std::move(tls), admin);
    server.enter(made);
    auto on = made->executor();
    asio::co_spawn(
        on, [made, full]() -> task<void> { co_await made->run(full); }, asio::detached);
}

connection::connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
                       bool admin)
    : server_(server),
      tls_(std::move(tls)),
      stream_(std::move(socket), tls_.get()),
      buffer_(most_header + most_body),
      admin_(admin) {
    beast::error_code ec;
    auto endpoint = stream_.socket().remote_endpoint(ec);
    if (!ec) peer_ = endpoint.address().to_string();
}

connection::~connection() { server_.leave(this); }

void connection::overdue() {
    asio::post(executor(), [self = shared_from_this()] {
        if (!self->expired(clock::now())) return;
        self->timed_out_ = true;
        self->expire_never();
        beast::error_code ignored;
        self->stream_.socket().cancel(ignored);
    });
}

void connection::drain() {
    drained_ = true;
    asio::post(executor(), [self = shared_from_this()] {
        beast::error_code ignored;
        if (self->between_requests_ && !self->admin_) self->stream_.socket().cancel(ignored);
        if (self->on_drain_) self->on_drain_();
    });
}

void connection::stop() {
    asio::post(executor(), [self = shared_from_this()] { self->stream_.close(); });
}

void connection::revoke(const std::string&, const std::string&) {}

task<void> connection::run(bool full) {
    expire_after(server_.settings().header_timeout);
    if (co_await stream_.handshake()) co_return stream_.close();
    if (full) {
        http_out answer = problem({error_code::unavailable, "too many connections"}, "none");
        answer.close = true;
        (void)co_await send(std::move(answer), "none");
        co_await linger();
        co_return stream_.close();
    }
    while (!drained_ || admin_) {
        exchange what{server_, {}};
        bool keep = false;
        {
            parser reading;
            auto read = co_await read_request(reading, what.request);
            if (read == outcome::closed) break;
            if (read == outcome::refused) {
                co_await linger();
                break;
            }
            keep = reading.keep_alive();
        }
        keep = co_await handle(what, keep);
        if (upgrade_) {
            auto begin = std::exchange(upgrade_, nullptr);
            begin();
            co_return;
        }
        if (!keep) {
            co_await linger();
            break;
        }
    }
    co_await stream_.shutdown();
    stream_.close();
}

task<connection::outcome> connection::read_request(parser& into, http_in& request) {
    const auto& settings = server_.settings();
    into.header_limit(most_header);
    into.body_limit(most_body);
    request.peer = peer_;
    request.request_id = server_.new_id("req_");
    between_requests_ = true;
    if (buffer_.size() == 0) {
        expire_after(settings.idle_timeout);
        auto [ec, size] = co_await stream_.async_read_some(buffer_.prepare(4096), use_tuple);
        if (ec) co_return outcome::closed;
        buffer_.commit(size);
    }
    between_requests_ = false;
    expire_after(settings.header_timeout);
    {
        auto [ec, size] = co_await http::async_read_header(stream_, buffer_, into, use_tuple);
        if (ec) {
            if (timed_out_)
                co_return co_await refuse(
                    {error_code::request_timeout, "the header did not come in time"},
                    request.request_id);
            if (auto why = failure_of(ec)) co_return co_await refuse(*why, request.request_id);
            co_return outcome::closed;
        }
    }
    const auto& head = into.get();
    // A length that two programs could read in two ways (RFC 9112 section 6.3).
    if (auto coding = lower(head[http::field::transfer_encoding]);
        !coding.empty() && coding != "chunked")
        co_return co_await refuse(
            {error_code::invalid_request, "the transfer coding is not supported"},
            request.request_id);
    if (is_request_id(std::string(head["X-Request-Id"])))
        request.request_id = std::string(head["X-Request-Id"]);
    if (lower(head[http::field::expect]) == "100-continue")
        if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return outcome::closed;
    while (!into.is_done()) {
        expire_after(settings.body_timeout);
        auto [ec, size] = co_await http::async_read_some(stream_, buffer_, into, use_tuple);
        if (!ec) continue;
        if (timed_out_)
            co_return co_await refuse(
                {error_code::request_timeout, "the body did not come in time"}, request.request_id);
        if (auto why = failure_of(ec)) co_return co_await refuse(*why, request.request_id);
        co_return outcome::closed;
    }
    expire_never();
    request.method = head.method();
    for (const auto& field : head) {
        auto& value = request.headers[lower(field.name_string())];
        if (!value.empty()) value += field.name() == http::field::cookie ? "; " : ", ";
        value += field.value();
    }
    if (!read_target(head.target(), request))
        co_return co_await refuse({error_code::invalid_request, "the request target is malformed"},
                                  request.request_id);
    request.body = std::move(into.get().body());
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    co_return outcome::request;
}

task<connection::outcome> connection::refuse(const failure& why, const std::string& request_id) {
    timed_out_ = false;
    auto answer = problem(why, request_id);
    answer.close = true;
    (void)co_await send(std::move(answer), request_id);
    co_return outcome::refused;
}

/// Lets the client read an answer that came before it had sent all.
task<void> connection::linger() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    expire_after(std::chrono::seconds{2});
    std::string scrap(4096, '\0');
    std::size_t left = 2 * most_body;
    while (left > 0) {
        auto [ec, size] = co_await stream_.socket().async_read_some(asio::buffer(scrap), use_tuple);
        if (ec) break;
        left -= std::min(left, size);
    }
}

task<bool> connection::write(std::string_view octets) {
    auto [ec, size] =
        co_await asio::async_write(stream_, asio::buffer(octets.data(), octets.size()), use_tuple);
    co_return !ec;
}

task<bool> connection::send(http_out answer, const std::string& request_id) {
    auto text = head_of(answer, answer.body.size(), request_id, stream_.encrypted());
    if (answer.status != 204) text += answer.body;
    expire_after(server_.settings().body_timeout);
    auto sent = co_await write(text);
    expire_never();
    co_return sent;
}

task<bool> connection::handle(exchange& what, bool keep_alive) {
    const auto& request = what.request;
    auto answer = [&](http_out out) -> task<bool> {
        out.close = out.close || !keep_alive || (drained_ && !admin_);
        for (const auto& header : what.limit_headers) out.headers.push_back(header);
        if (request.under("api")) out.headers.emplace_back("Cache-Control", "no-store");
        auto close = out.close;
        auto sent = co_await send(std::move(out), request.request_id);
        co_return sent && !close;
    };
    if (admin_) {
        if (auto refused = foreign_to_admin(server_, request))
            co_return co_await answer(problem(*refused, request.request_id));
    }
    bool api = request.under("api") || request.under("ws");
    const route* found = nullptr;
    const route* other_method = nullptr;
    for (const auto& one : routes(admin_)) {
        if (!matches(one, request)) continue;
        if (one.method == request.method)
            found = &one;
        else
            other_method = &one;
    }
    // 401 goes before 404 and 405.
    auto who = found            ? found->who
               : other_method   ? other_method->who
               : api && !admin_ ? access::user
                                : access::open;
    if (auto refused = admit_admin(server_, request, who))
        co_return co_await answer(problem(*refused, request.request_id));
    if (who == access::user) {
        auto from = co_await identify(server_, request);
        if (!from || !*from) {
            auto why = from ? failure{error_code::unauthenticated, "no valid credentials were sent"}
                            : from.error();
            if (auto limited = count(what, limit_class::rest)) why = *limited;
            co_return co_await answer(problem(why, request.request_id));
        }
        what.from = std::move(**from);
    }
    auto limit = found ? found->limit : api ? limit_class::rest : limit_class::none;
    if (auto limited = count(what, limit))
        co_return co_await answer(problem(*limited, request.request_id));
    if (!found && request.method == http_method::options)
        if (auto preflight = cors_preflight(server_, request, other_method != nullptr))
            co_return co_await answer(std::move(*preflight));
    if (!found && other_method)
        co_return co_await answer(
            problem({error_code::method_not_allowed, "the method is not for this address"},
                    request.request_id));
    if (!found)
        co_return co_await answer(problem(
            {error_code::not_found, "there is nothing at this address"}, request.request_id));
    if (auto refused = read_body(what, *found))
        co_return co_await answer(problem(*refused, request.request_id));
    if (found->stream) {
        auto again = co_await found->stream(*this, what);
        on_drain_ = nullptr;
        co_return again&& keep_alive && !drained_;
    }
    if (is_upgrade_route(*found)) {
        auto upgraded = co_await prepare_upgrade(*this, what, buffer_);
        if (!upgraded) co_return co_await answer(problem(upgraded.error(), request.request_id));
        upgrade_ = std::move(*upgraded);
        co_return true;
    }
    auto out = co_await found->plain(what);
    add_cors(server_, request, out);
    co_return co_await answer(std::move(out));
}

}  // namespace perin::net
