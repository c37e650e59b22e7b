#include "net/front/connection.hpp"

#include "net/front/admission.hpp"
#include "net/front/feed.hpp"
#include "net/front/front_record.hpp"
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

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

failure body_over(std::size_t limit) {
    return {error_code::too_large, "the body is over " + std::to_string(limit >> 20U) + " MiB"};
}

std::optional<failure> failure_of(beast::error_code ec, std::size_t body_limit = most_body) {
    if (ec == http::error::header_limit)
        return failure{error_code::headers_too_large, "the header block is over 16 KiB"};
    if (ec == http::error::body_limit) return body_over(body_limit);
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

/// Who may learn that nothing is at an address.
access unknown_access(const http_in& request) {
    return request.under("api") && is_guest_route(request) ? access::guest : access::user;
}

failure not_for(access who) {
    if (who == access::guest)
        return {error_code::forbidden, "this address is for guests of a link"};
    return {error_code::forbidden, "this address is not for guests of a link"};
}

/// The most that any route of a listener takes.
std::size_t largest_body(bool admin) {
    const auto most_of = [](bool of) {
        std::size_t most = most_body;
        for (const auto& one : routes(of)) most = std::max(most, one.most_body);
        return most;
    };
    static const std::size_t of_public = most_of(false);
    static const std::size_t of_admin = most_of(true);
    return admin ? of_admin : of_public;
}

/// How much of a body the route of a request takes, from those who may ask it.
std::size_t body_limit_of(const front& server, bool admin, const http::fields& headers,
                          http_method method, std::string_view target) {
    http_in request;
    if (!read_target(target, request)) return most_body;
    request.headers["authorization"] = std::string(headers[http::field::authorization]);
    for (const auto& one : routes(admin))
        if (one.method == method && matches(one, request))
            return admit_admin(server, request, one.who) ? most_body : one.most_body;
    return most_body;
}

}  // namespace

void start_connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
                      bool admin, bool full) {
    auto made = std::make_shared<connection>(server, std::move(socket), std::move(tls), admin);
    server.enter(made);
    runtime::meters().connections_opened.add();
    auto on = made->executor();
    asio::co_spawn(
        on, [made, full]() -> task<void> { co_await made->run(full); }, asio::detached);
}

connection::connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
                       bool admin)
    : swept(server.parts()),
      server_(server),
      tls_(std::move(tls)),
      strand_(socket.get_executor()),
      stream_(std::move(socket), tls_.get(),
              server.parts().faults ? server.parts().faults() : nullptr),
      buffer_(most_header + most_body),
      admin_(admin) {
    runtime::meters().connections[runtime::connection_kind::http].add();
    beast::error_code ec;
    auto endpoint = stream_.socket().remote_endpoint(ec);
    if (!ec) peer_ = endpoint.address().to_string();
}

connection::~connection() {
    runtime::meters().connections[runtime::connection_kind::http].add(-1);
    server_.leave(this);
}

void connection::overdue() {
    asio::post(executor(), [self = shared_from_this()] {
        if (self->upgraded_ || !self->expired(self->time())) return;
        self->timed_out_ = true;
        self->expire_never();
        beast::error_code ignored;
        self->stream_.socket().cancel(ignored);
    });
}

void connection::drain() {
    drained_ = true;
    asio::post(executor(), [self = shared_from_this()] {
        if (self->upgraded_) return;
        beast::error_code ignored;
        if (self->between_requests_ && !self->admin_) self->stream_.socket().cancel(ignored);
        if (auto news = self->streamed_.lock()) news->changed();
    });
}

void connection::stop() {
    asio::post(executor(), [self = shared_from_this()] {
        if (self->upgraded_) return;
        self->stream_.close();
        // An answer that waits for news writes nothing, and would not find out.
        self->end_stream();
    });
}

void connection::revoke(const revocation& what) {
    asio::post(executor(), [self = shared_from_this(), what] {
        auto ended = (!what.token_id.empty() && self->token_id_ == what.token_id) ||
                     (!what.user_id.empty() && self->user_id_ == what.user_id) ||
                     (!what.delegation_id.empty() && self->delegation_id_ == what.delegation_id);
        if (ended) self->end_stream();
    });
}

void connection::end_stream() {
    auto news = streamed_.lock();
    if (!news) return;
    news->ended = true;
    news->changed();
}

task<void> connection::run(bool full) {
    expire_after(server_.settings().header_timeout);
    if (co_await stream_.handshake()) {
        record_refused(runtime::refusal::tls_handshake, peer_);
        co_return stream_.close();
    }
    if (full) {
        record_refused(runtime::refusal::full, peer_);
        http_out answer = problem({error_code::unavailable, "too many connections"}, "none");
        answer.close = true;
        (void)co_await send(std::move(answer), "none");
        co_await linger();
        co_return stream_.close();
    }
    while (!drained_ || admin_) {
        exchange what{server_, {}};
        {
            parser reading;
            auto read = co_await read_request(reading, what.request);
            if (read == outcome::closed) break;
            if (read == outcome::refused) {
                co_await linger();
                co_return stream_.close();
            }
            keep_alive_ = reading.keep_alive();
        }
        const auto began = time();
        auto keep = co_await handle(what);
        record_request(what, time() - began);
        if (upgrade_) {
            auto begin = std::exchange(upgrade_, nullptr);
            upgraded_ = true;
            begin();
            co_return;
        }
        if (!keep) {
            co_await linger();
            co_return stream_.close();
        }
    }
    co_await farewell();
    stream_.close();
}

task<connection::outcome> connection::read_request(parser& into, http_in& request) {
    const auto& settings = server_.settings();
    into.header_limit(most_header);
    const auto largest = largest_body(admin_);
    into.body_limit(largest);
    request.peer = peer_;
    request.request_id = server_.new_id("req_");
    between_requests_ = true;
    bodiless_ = false;
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
    auto limit = most_body;
    if (largest > limit) {
        limit = body_limit_of(server_, admin_, head, head.method(), head.target());
        if (into.content_length().value_or(0) > limit)
            co_return co_await refuse(body_over(limit), request.request_id);
        into.body_limit(limit);
    }
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
        if (auto why = failure_of(ec, limit)) co_return co_await refuse(*why, request.request_id);
        co_return outcome::closed;
    }
    expire_never();
    request.method = head.method();
    bodiless_ = request.method == http_method::head;
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
    record_malformed(why, request_id, peer_);
    auto answer = problem(why, request_id);
    answer.close = true;
    (void)co_await send(std::move(answer), request_id);
    co_return outcome::refused;
}

/// The peer may take as long to say its own farewell.
task<void> connection::farewell() {
    timed_out_ = false;
    expire_after(std::chrono::seconds{2});
    co_await stream_.shutdown();
}

/// Lets the client read an answer that came before it had sent all.
task<void> connection::linger() {
    co_await farewell();
    if (timed_out_) co_return;
    std::string scrap(4096, '\0');
    std::size_t left = 2 * most_body;
    while (left > 0) {
        auto [ec, size] = co_await stream_.socket().async_read_some(asio::buffer(scrap), use_tuple);
        if (ec) break;
        left -= std::min(left, size);
    }
}

task<bool> connection::write(std::string_view octets) {
    runtime::meters().octets[runtime::direction::out].add(octets.size());
    auto [ec, size] =
        co_await asio::async_write(stream_, asio::buffer(octets.data(), octets.size()), use_tuple);
    co_return !ec;
}

task<bool> connection::send(http_out answer, const std::string& request_id) {
    auto text = head_of(answer, answer.body.size(), request_id, stream_.encrypted());
    if (answer.status != 204 && !bodiless_) text += answer.body;
    expire_after(server_.settings().body_timeout);
    auto sent = co_await write(text);
    expire_never();
    co_return sent;
}

task<bool> connection::answer(exchange& what, http_out out) {
    out.close = out.close || !keep_alive_ || (drained_ && !admin_);
    for (const auto& header : what.limit_headers) out.headers.push_back(header);
    if (what.request.under("api")) out.headers.emplace_back("Cache-Control", "no-store");
    if (!admin_) add_cors(server_, what.request, out);
    what.status = out.status;
    auto close = out.close;
    auto sent = co_await send(std::move(out), what.request.request_id);
    co_return sent && !close;
}

task<bool> connection::handle(exchange& what) {
    const auto& request = what.request;
    auto answer = [&](http_out out) { return this->answer(what, std::move(out)); };
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
    what.found = found;
    // 401 goes before 404 and 405.
    auto who = found            ? found->who
               : other_method   ? other_method->who
               : api && !admin_ ? unknown_access(request)
                                : access::open;
    // Browsers ask beforehand without credentials (Fetch, CORS-preflight fetch).
    if (!found && !admin_ && request.method == http_method::options)
        if (auto preflight = cors_preflight(server_, request, other_method != nullptr)) {
            if (auto limited = count(what, limit_class::rest))
                co_return co_await answer(problem(*limited, request.request_id));
            co_return co_await answer(std::move(*preflight));
        }
    if (auto refused = admit_admin(server_, request, who))
        co_return co_await answer(problem(*refused, request.request_id));
    if (who == access::user || who == access::guest || who == access::user_or_guest) {
        auto from = co_await identify(server_, request);
        if (!from || !*from) {
            auto why = from ? failure{error_code::unauthenticated, "no valid credentials were sent"}
                            : from.error();
            if (auto limited = count(what, limit_class::rest)) why = *limited;
            co_return co_await answer(problem(why, request.request_id));
        }
        what.from = std::move(**from);
        token_id_ = what.token_id();
        user_id_ = what.host().id;
        delegation_id_ = what.from->guest ? what.guest().at.link.id : std::string();
        if (what.from->guest ? who == access::user : who == access::guest) {
            auto why = not_for(who);
            if (auto limited = count(what, limit_class::rest)) why = *limited;
            co_return co_await answer(problem(why, request.request_id));
        }
    }
    auto limit = found ? found->limit : api ? limit_class::rest : limit_class::none;
    if (auto limited = count(what, limit))
        co_return co_await answer(problem(*limited, request.request_id));
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
        streamed_.reset();
        co_return again&& keep_alive_ && !drained_;
    }
    if (is_upgrade_route(*found)) {
        auto upgraded = co_await prepare_upgrade(*this, what, buffer_);
        if (!upgraded) co_return co_await answer(problem(upgraded.error(), request.request_id));
        upgrade_ = std::move(*upgraded);
        what.status = 101;
        co_return true;
    }
    co_return co_await answer(co_await found->plain(what));
}

}  // namespace perin::net
