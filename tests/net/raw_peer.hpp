#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace perin::net {

/// A client that speaks octets, and may fall silent or go away anywhere. Blocking; no wait is
/// longer than ten seconds.
class raw_peer {
  public:
    /// `tls` may be null: plain.
    explicit raw_peer(std::uint16_t port, boost::asio::ssl::context* tls = nullptr);

    /// `false`: the connection is gone.
    bool send(std::string_view octets);
    /// Reads until `text` has come after all that `until` found before; `false`: the connection
    /// ended before, or nothing came for too long.
    bool until(std::string_view text);
    /// Reads what comes next.
    bool more() { return read() == outcome::some; }
    /// Reads to the end; `false`: it did not come.
    bool to_end();
    /// Nothing waits to be read, neither octets nor the end.
    [[nodiscard]] bool silent();
    /// No more is sent; reading goes on.
    void half_close();
    /// Ends the connection with a reset.
    void reset();

    /// All that has come.
    [[nodiscard]] const std::string& received() const { return received_; }
    /// With TLS: the server said farewell.
    [[nodiscard]] bool closed_cleanly() const { return clean_; }
    [[nodiscard]] bool handshaken() const { return handshaken_; }

  private:
    enum class outcome { some, end, late };
    outcome read();

    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_{io_};
    std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    std::string received_;
    std::size_t found_ = 0;
    bool clean_ = false;
    bool handshaken_ = true;
};

/// A masked frame of a WebSocket client (RFC 6455 section 5.2); its mask is zero.
[[nodiscard]] std::string client_frame(std::uint8_t opcode, std::string_view payload);
[[nodiscard]] std::string text_frame(std::string_view payload);

/// A frame of a server.
struct server_frame {
    std::uint8_t opcode = 0;
    std::string payload;
    /// Of a close frame.
    [[nodiscard]] int close_code() const;
};

/// Takes the first whole frame off `octets`; nothing where it is not whole.
[[nodiscard]] std::optional<server_frame> take_frame(std::string_view& octets);

}  // namespace perin::net
