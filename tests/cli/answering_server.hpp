#pragma once

#include "cli/run_file.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace perin::cli {

/// A server of the admin listener's kind: answers as many requests as it was given answers for, one
/// after the other, and keeps what was asked. Its run file says that it lives.
class answering_server {
  public:
    using request = boost::beast::http::request<boost::beast::http::string_body>;

    explicit answering_server(std::vector<std::pair<unsigned, std::string>> answers)
        : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
          port_(acceptor_.local_endpoint().port()),
          thread_([this, answers = std::move(answers)] {
              for (const auto& [status, body] : answers) answer(status, body);
          }) {}
    answering_server(const answering_server&) = delete;
    answering_server& operator=(const answering_server&) = delete;
    ~answering_server() {
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] run_file run() const {
        const auto url = "http://127.0.0.1:" + std::to_string(port_);
        return {.url = url,
                .admin = url,
                .pid = static_cast<int>(::getpid()),
                .token = "t",
                .node = "n"};
    }

    /// What came; waits until everything is answered.
    [[nodiscard]] const std::vector<request>& received() {
        thread_.join();
        return received_;
    }

  private:
    void answer(unsigned status, const std::string& body) {
        namespace http = boost::beast::http;
        auto socket = acceptor_.accept();
        boost::beast::flat_buffer buffer;
        http::read(socket, buffer, received_.emplace_back());
        http::response<http::string_body> response(http::int_to_status(status), 11, body);
        response.keep_alive(false);
        if (status != 204) response.prepare_payload();
        http::write(socket, response);
    }

    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    unsigned short port_;
    std::vector<request> received_;
    std::thread thread_;
};

}  // namespace perin::cli
