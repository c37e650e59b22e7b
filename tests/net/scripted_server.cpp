#include "tests/net/scripted_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace perin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

std::size_t content_length(std::string lines) {
    std::ranges::transform(lines, lines.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto at = lines.find("content-length:");
    return at == std::string::npos ? 0 : std::stoul(lines.substr(at + 15));
}

}  // namespace

class scripted_server::connection : public std::enable_shared_from_this<connection> {
  public:
    connection(tcp::socket socket, scripted_server& server, std::size_t number)
        : socket_(std::move(socket)), server_(server), number_(number) {}

    void read_head() {
        asio::async_read_until(socket_, asio::dynamic_buffer(input_), "\r\n\r\n",
                               [self = shared_from_this()](error_code error, std::size_t size) {
                                   if (error) return self->lose();
                                   self->parse_head(size);
                               });
    }

    void resume() {
        if (on_resume_) std::exchange(on_resume_, nullptr)();
    }

  private:
    void parse_head(std::size_t size) {
        request_ = {};
        request_.connection = number_;
        const auto first = input_.substr(0, input_.find("\r\n"));
        const auto space = first.find(' ');
        request_.method = first.substr(0, space);
        request_.target = first.substr(space + 1, first.rfind(' ') - space - 1);
        request_.header_lines = input_.substr(first.size() + 2, size - first.size() - 4);
        input_.erase(0, size);
        bool held = false;
        server_.note([&](counters& count) {
            ++count.heads;
            held = server_.hold_bodies_ && !server_.resumed_;
        });
        const auto length = content_length(request_.header_lines);
        if (held) {
            on_resume_ = [this, length] { read_body(length); };
        } else {
            read_body(length);
        }
    }

    void read_body(std::size_t length) {
        const auto missing = length - std::min(length, input_.size());
        asio::async_read(socket_, asio::dynamic_buffer(input_), asio::transfer_exactly(missing),
                         [self = shared_from_this(), length](error_code error, std::size_t) {
                             if (error) return self->lose();
                             self->request_.body = self->input_.substr(0, length);
                             self->input_.erase(0, length);
                             self->answer();
                         });
    }

    void answer() {
        steps_ = server_.script_(request_);
        next_ = 0;
        server_.note([this](counters& count) {
            ++count.requests;
            server_.requests_.push_back(request_);
        });
        step();
    }

    void step() {
        if (next_ == steps_.size()) return read_head();
        std::visit([this](const auto& step) { take(step); }, steps_[next_++]);
    }

    void take(const send_bytes& step) {
        asio::async_write(socket_, asio::buffer(step.bytes),
                          [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->lose();
                              self->step();
                          });
    }

    void take(const hold&) {
        bool resumed = false;
        server_.note([&](counters& count) {
            ++count.holds;
            resumed = server_.resumed_;
        });
        if (resumed) return step();
        on_resume_ = [this] { step(); };
        // Only to see the peer go.
        socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
            error_code ignored;
            if (error || self->socket_.available(ignored) > 0) return;
            if (self->on_resume_) self->lose();
        });
    }

    void take(const close_connection&) { socket_.close(); }

    void take(const reset_connection&) {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }

    void lose() {
        if (!socket_.is_open()) return;
        on_resume_ = nullptr;
        error_code ignored;
        socket_.close(ignored);
        server_.note([](counters& count) { ++count.lost; });
    }

    tcp::socket socket_;
    scripted_server& server_;
    const std::size_t number_;
    std::string input_;
    received_request request_;
    server_script steps_;
    std::size_t next_ = 0;
    std::function<void()> on_resume_;
};

scripted_server::scripted_server(answer script) : script_(std::move(script)) {
    const tcp::endpoint where(asio::ip::address_v4::loopback(), 0);
    acceptor_.open(where.protocol());
    acceptor_.bind(where);
    acceptor_.listen(4096);
    accept();
    thread_ = std::thread([this] { io_.run(); });
}

scripted_server::~scripted_server() {
    io_.stop();
    thread_.join();
}

void scripted_server::accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
        if (error) return;
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        std::size_t number = 0;
        note([&](counters& count) { number = ++count.connections; });
        const auto made = std::make_shared<connection>(std::move(socket), *this, number);
        connections_.push_back(made);
        made->read_head();
        accept();
    });
}

std::string scripted_server::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
}

void scripted_server::resume() {
    asio::post(io_, [this] {
        note([this](counters&) { resumed_ = true; });
        for (const auto& known : connections_) known->resume();
    });
}

void scripted_server::hold_bodies() {
    note([this](counters&) { hold_bodies_ = true; });
}

void scripted_server::note(const std::function<void(counters&)>& change) {
    {
        const std::lock_guard lock(mutex_);
        change(count_);
    }
    changed_.notify_all();
}

scripted_server::counters scripted_server::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

std::vector<received_request> scripted_server::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

bool scripted_server::reaches(const std::function<bool(const counters&)>& condition) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return condition(count_); });
}

std::string http_answer(const std::string& status, const std::string& body,
                        const std::string& header_lines) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           header_lines + "\r\n" + body;
}

std::string stream_head() {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
           "Transfer-Encoding: chunked\r\n\r\n";
}

std::string http_chunk(const std::string& bytes) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

std::string last_chunk() { return "0\r\n\r\n"; }

std::string refusing_url() {
    asio::io_context io;
    // Bound and closed again: the system does not give the port to others at once.
    tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    return "http://127.0.0.1:" + std::to_string(taken.local_endpoint().port()) + "/";
}

}  // namespace perin::net
