#pragma once

#include "net/front/front.hpp"
#include "net/front/http_message.hpp"
#include "net/front/socket_stream.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace perin::net {

class feed;

/// Takes a socket that was accepted. `full`: it is told so, and closed.
void start_connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
                      bool admin, bool full);

struct route;

/// Who sent a request, and by what.
struct caller {
    /// Of nobody where it is a guest's.
    runtime::token_owner owner;
    bool by_cookie = false;
    /// By a link.
    std::optional<runtime::admitted_guest> guest = {};
};

/// Whose conversations they are: a guest's are those of the link's owner.
[[nodiscard]] inline const user& host_of(const caller& who) {
    return who.guest ? who.guest->at.owner : who.owner.account;
}

/// A request on its way through the front.
struct exchange {
    front& server;
    http_in request;
    std::optional<caller> from = {};
    /// The parsed body of a request that has one.
    nlohmann::json body = nullptr;
    /// `X-RateLimit-*` of a limited route.
    std::vector<std::pair<std::string, std::string>> limit_headers = {};
    /// The route that answers, null where there is none.
    const route* found = nullptr;
    /// Of the answer, 0 before it began.
    int status = 0;

    [[nodiscard]] const user& account() const { return from->owner.account; }
    /// Whose conversations the request is about: a guest's are those of the link's owner.
    [[nodiscard]] const user& host() const { return host_of(*from); }
    [[nodiscard]] const std::string& token_id() const { return from->owner.token.id; }
    /// Of a route for guests.
    [[nodiscard]] const runtime::admitted_guest& guest() const { return *from->guest; }
};

/// One HTTP connection: requests one after the other, until it is closed or becomes a WebSocket.
///
///     idle ─► header ─► body ─► handled ─► idle ...      75 s, 10 s, 30 s without progress
///                         └──► upgraded
class connection final : public swept, public std::enable_shared_from_this<connection> {
  public:
    connection(front& server, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls,
               bool admin);
    ~connection() override;

    task<void> run(bool full);

    void overdue() override;
    void drain() override;
    void stop() override;
    void revoke(const revocation& what) override;

    // What streaming handlers use.
    [[nodiscard]] socket_stream& stream() { return stream_; }
    [[nodiscard]] front& server() { return server_; }
    [[nodiscard]] strand executor() const { return strand_; }
    /// Sends the whole answer of a request, with the headers that all answers bear. `true`: another
    /// request may follow.
    task<bool> answer(exchange& what, http_out out);
    task<bool> write(std::string_view octets);
    /// The handler answers over time from `news`: it is woken where the server drains, and ended
    /// where the caller is no longer valid.
    void streams(std::weak_ptr<feed> news) { streamed_ = std::move(news); }

  private:
    using parser = beast::http::request_parser<beast::http::string_body>;
    /// What became of reading a request.
    enum class outcome { request, closed, refused };

    task<outcome> read_request(parser& into, http_in& request);
    task<outcome> refuse(const failure& why, const std::string& request_id);
    task<bool> send(http_out answer, const std::string& request_id);
    /// What is answered over time ends as if the client had gone.
    void end_stream();
    task<void> farewell();
    task<void> linger();
    /// `true`: another request may follow.
    task<bool> handle(exchange& what);

    front& server_;
    std::shared_ptr<asio::ssl::context> tls_;
    /// Kept apart: the stream goes to the WebSocket, while others may still post here.
    const strand strand_;
    socket_stream stream_;
    beast::flat_buffer buffer_;
    bool admin_;
    bool timed_out_ = false;
    bool between_requests_ = true;
    std::atomic<bool> drained_ = false;
    std::string peer_;
    std::weak_ptr<feed> streamed_;
    /// Who the request at hand is from, empty where nobody is known.
    std::string token_id_;
    std::string user_id_;
    std::string delegation_id_;
    /// The answer to a HEAD has no body, and no length but that of GET (RFC 9110 section 9.3.2).
    bool bodiless_ = false;
    bool keep_alive_ = false;
    bool upgraded_ = false;
    /// Set once the connection is to become a WebSocket.
    std::function<void()> upgrade_;
};

}  // namespace perin::net
