#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace perin::net {

/// A request as the server has read it.
struct received_request {
    std::string method;
    std::string target;
    /// All lines between the first and the empty one, as they came.
    std::string header_lines;
    std::string body;
    /// Counted from 1, in the order they were accepted.
    std::size_t connection = 0;
};

/// What the server does after a request. After the last step the connection serves the next one.
struct send_bytes {
    std::string bytes;
};
/// Until `scripted_server::resume`.
struct hold {};
struct close_connection {};
/// With a TCP RST.
struct reset_connection {};
using server_step = std::variant<send_bytes, hold, close_connection, reset_connection>;
using server_script = std::vector<server_step>;

/// A TCP server on the loopback address, on a thread of its own, that answers HTTP/1.1 requests by
/// script, byte by byte as told.
class scripted_server {
  public:
    using answer = std::function<server_script(const received_request&)>;

    explicit scripted_server(answer script);
    ~scripted_server();
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    [[nodiscard]] std::string url(const std::string& path = "/") const;
    /// All holds, those to come too, end.
    void resume();
    /// From now on bodies of requests are read after `resume` only.
    void hold_bodies();

    struct counters {
        std::size_t connections = 0;
        std::size_t heads = 0;
        std::size_t requests = 0;
        /// Connections whose end the peer began.
        std::size_t lost = 0;
        std::size_t holds = 0;
    };
    [[nodiscard]] counters count() const;
    [[nodiscard]] std::vector<received_request> requests() const;
    /// Whether the counters come to satisfy `condition` within ten seconds.
    [[nodiscard]] bool reaches(const std::function<bool(const counters&)>& condition) const;

  private:
    class connection;
    void accept();
    void note(const std::function<void(counters&)>& change);

    const answer script_;
    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    counters count_;
    std::vector<received_request> requests_;
    std::vector<std::shared_ptr<connection>> connections_;
    bool resumed_ = false;
    bool hold_bodies_ = false;
    std::thread thread_;
};

/// An answer with a length.
[[nodiscard]] std::string http_answer(const std::string& status, const std::string& body,
                                      const std::string& header_lines = {});

/// The head of an event stream in HTTP chunks, one chunk, and the last one.
[[nodiscard]] std::string stream_head();
[[nodiscard]] std::string http_chunk(const std::string& bytes);
[[nodiscard]] std::string last_chunk();

/// An address of this machine that nothing listens at.
[[nodiscard]] std::string refusing_url();

}  // namespace perin::net
