#include "cli/chat_link.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/url.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace perin::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using nlohmann::json;

namespace {

constexpr std::chrono::seconds connect_timeout{10};

template <class Stream>
class link final : public chat_link {
  public:
    template <class... Args>
    explicit link(Args&&... args) : ws_(io_, std::forward<Args>(args)...) {}

    ~link() override {
        asio::post(io_, [this] {
            beast::error_code ignored;
            beast::get_lowest_layer(ws_).socket().close(ignored);
        });
        if (thread_.joinable()) thread_.join();
    }

    result<void> connect(const std::string& host, const std::string& port, const std::string& path,
                         const std::string& token) {
        beast::error_code ec;
        tcp::resolver resolver(io_);
        auto found = resolver.resolve(host, port, ec);
        if (ec) return unreachable(ec);
        auto& lowest = beast::get_lowest_layer(ws_);
        asio::connect(lowest.socket(), found, ec);
        if (ec) return unreachable(ec);
        lowest.socket().set_option(tcp::no_delay(true), ec);
        if constexpr (!std::is_same_v<Stream, beast::tcp_stream>) {
            if (!SSL_set_tlsext_host_name(ws_.next_layer().native_handle(), host.c_str()))
                return failure{error_code::unavailable, "TLS cannot be set up"};
            ws_.next_layer().set_verify_callback(asio::ssl::host_name_verification(host));
            ws_.next_layer().handshake(asio::ssl::stream_base::client, ec);
            if (ec) return unreachable(ec);
        }
        ws_.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
            request.set("Authorization", "Bearer " + token);
            request.set("Sec-WebSocket-Protocol", "perin.v1");
        }));
        websocket::response_type answer;
        ws_.handshake(answer, host + ":" + port, path, ec);
        if (ec == websocket::error::upgrade_declined)
            return failure{
                answer.result_int() == 401 ? error_code::unauthenticated : error_code::unavailable,
                answer.result_int() == 401 ? "the server refuses the token"
                                           : "the server refuses the connection"};
        if (ec) return unreachable(ec);
        ws_.read_message_max(64 * 1024 * 1024);
        read();
        thread_ = std::thread([this] { io_.run(); });
        auto ready = next(connect_timeout);
        if (!ready || ready->value("type", "") != "ready")
            return failure{error_code::unavailable, "the server does not say that it is ready"};
        return {};
    }

    void send(const json& frame) override {
        asio::post(io_, [this, text = frame.dump(-1, ' ', false, json::error_handler_t::replace)] {
            outgoing_.push_back(text);
            if (outgoing_.size() == 1) write();
        });
    }

    std::optional<json> next(std::chrono::milliseconds time) override {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, time, [&] { return !frames_.empty() || !open_; });
        if (frames_.empty()) return std::nullopt;
        auto frame = std::move(frames_.front());
        frames_.pop_front();
        return frame;
    }

    bool open() const override {
        std::lock_guard lock(mutex_);
        return open_ || !frames_.empty();
    }

  private:
    static failure unreachable(beast::error_code ec) {
        return {error_code::unavailable, "cannot reach the server: " + ec.message()};
    }

    void read() {
        ws_.async_read(buffer_, [this](beast::error_code ec, std::size_t) {
            std::lock_guard lock(mutex_);
            if (ec) {
                open_ = false;
                changed_.notify_all();
                return;
            }
            auto frame = json::parse(beast::buffers_to_string(buffer_.data()), nullptr, false);
            buffer_.consume(buffer_.size());
            if (frame.is_object()) frames_.push_back(std::move(frame));
            changed_.notify_all();
            read();
        });
    }

    void write() {
        ws_.async_write(asio::buffer(outgoing_.front()), [this](beast::error_code ec, std::size_t) {
            outgoing_.pop_front();
            if (ec || outgoing_.empty()) return;
            write();
        });
    }

    asio::io_context io_{1};
    websocket::stream<Stream> ws_;
    beast::flat_buffer buffer_;
    std::deque<std::string> outgoing_;
    std::thread thread_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<json> frames_;
    bool open_ = true;
};

asio::ssl::context& tls_context() {
    static asio::ssl::context context = [] {
        asio::ssl::context made(asio::ssl::context::tls_client);
        made.set_default_verify_paths();
        made.set_verify_mode(asio::ssl::verify_peer);
        return made;
    }();
    return context;
}

template <class Link, class... Args>
result<std::unique_ptr<chat_link>> connected(const boost::urls::url_view& url,
                                             const std::string& token, Args&&... args) {
    auto made = std::make_unique<Link>(std::forward<Args>(args)...);
    auto host = std::string(url.host_address());
    auto standard = url.scheme_id() == boost::urls::scheme::https ? "443" : "80";
    auto port = url.has_port() ? std::string(url.port()) : standard;
    auto path = std::string(url.encoded_path());
    while (!path.empty() && path.back() == '/') path.pop_back();
    if (auto done = made->connect(host, port, path + "/ws", token); !done) return done.error();
    return std::unique_ptr<chat_link>(std::move(made));
}

}  // namespace

result<std::unique_ptr<chat_link>> connect_chat(const std::string& base_url,
                                                const std::string& token) {
    auto url = boost::urls::parse_uri(base_url);
    if (!url || url->host().empty())
        return failure{error_code::invalid_request, "not a URL: " + base_url};
    if (url->scheme_id() == boost::urls::scheme::https)
        return connected<link<beast::ssl_stream<beast::tcp_stream>>>(*url, token, tls_context());
    if (url->scheme_id() == boost::urls::scheme::http)
        return connected<link<beast::tcp_stream>>(*url, token);
    return failure{error_code::invalid_request, "the URL must begin with http:// or https://"};
}

}  // namespace perin::cli
