#include "tests/net/raw_peer.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <poll.h>

namespace perin::net {

namespace asio = boost::asio;
using asio::ip::tcp;

raw_peer::raw_peer(std::uint16_t port, asio::ssl::context* tls) {
    socket_.open(tcp::v4());
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(tcp::no_delay(true));
    if (tls == nullptr) return;
    tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *tls);
    boost::system::error_code ec;
    tls_->handshake(asio::ssl::stream_base::client, ec);
    handshaken_ = !ec;
}

bool raw_peer::send(std::string_view octets) {
    boost::system::error_code ec;
    if (tls_)
        asio::write(*tls_, asio::buffer(octets), ec);
    else
        asio::write(socket_, asio::buffer(octets), ec);
    return !ec;
}

raw_peer::outcome raw_peer::read() {
    std::array<char, 16 * 1024> room{};
    boost::system::error_code ec;
    std::optional<std::size_t> got;
    auto done = [&](boost::system::error_code why, std::size_t size) {
        ec = why;
        got = size;
    };
    auto into = asio::buffer(room);
    if (tls_)
        tls_->async_read_some(into, done);
    else
        socket_.async_read_some(into, done);
    io_.restart();
    io_.run_for(std::chrono::seconds{10});
    if (!got) {
        socket_.cancel();
        io_.restart();
        io_.run();
        return outcome::late;
    }
    received_.append(room.data(), *got);
    if (!ec) return outcome::some;
    clean_ = tls_ && ec == asio::error::eof;
    return outcome::end;
}

bool raw_peer::until(std::string_view text) {
    for (auto from = found_;;) {
        if (auto at = received_.find(text, from); at != std::string::npos) {
            found_ = at + text.size();
            return true;
        }
        // Its first octets may have come already.
        if (received_.size() - found_ >= text.size()) from = received_.size() - text.size() + 1;
        if (read() != outcome::some) return false;
    }
}

bool raw_peer::to_end() {
    for (;;) {
        auto what = read();
        if (what != outcome::some) return what == outcome::end;
    }
}

bool raw_peer::silent() {
    pollfd one{socket_.native_handle(), POLLIN, 0};
    return poll(&one, 1, 0) == 0;
}

void raw_peer::half_close() {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void raw_peer::reset() {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

std::string client_frame(std::uint8_t opcode, std::string_view payload) {
    std::string out;
    out.push_back(static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
        const std::size_t length = payload.size() < 65536 ? 2 : 8;
        out.push_back(static_cast<char>(0x80 | (length == 2 ? 126 : 127)));
        for (std::size_t i = length; i > 0; --i)
            out.push_back(static_cast<char>((payload.size() >> (8 * (i - 1))) & 0xff));
    }
    return out.append(4, '\0').append(payload);
}

std::string text_frame(std::string_view payload) { return client_frame(1, payload); }

int server_frame::close_code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

std::optional<server_frame> take_frame(std::string_view& octets) {
    auto octet = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(octets[i]));
    };
    if (octets.size() < 2) return std::nullopt;
    std::size_t size = octet(1) & 0x7f;
    std::size_t head = size == 126 ? 4 : size == 127 ? 10 : 2;
    if (octets.size() < head) return std::nullopt;
    if (head > 2) size = 0;
    for (std::size_t i = 2; i < head; ++i) size = size * 256 + octet(i);
    if (octets.size() - head < size) return std::nullopt;
    server_frame out{static_cast<std::uint8_t>(octet(0) & 0x0f),
                     std::string(octets.substr(head, size))};
    octets.remove_prefix(head + size);
    return out;
}

}  // namespace perin::net
