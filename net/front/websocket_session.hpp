#pragma once

#include "net/front/connection.hpp"
#include "net/front/outbox.hpp"
#include "runtime/metrics.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>

namespace perin::net {

/// A WebSocket client: its frames become commands to its session's actor, and news become frames.
/// Members belong to the strand; the sink's calls come from the actor and go there first.
class websocket_session final : public swept,
                                public std::enable_shared_from_this<websocket_session> {
  public:
    websocket_session(front& server, socket_stream stream);
    ~websocket_session() override;

    [[nodiscard]] strand executor() { return socket_.get_executor(); }

    /// The handshake, and `ready` where `who` is known by it.
    task<bool> open(beast::http::request<beast::http::empty_body> handshake,
                    std::optional<caller> who);
    /// Reads until the connection ends.
    task<void> read_frames();
    /// After the last frame: the session ends.
    void ended();

    void overdue() override;
    void drain() override;
    void stop() override;
    void revoke(const revocation& what) override;

  private:
    class sink;
    using ws_stream = beast::websocket::stream<socket_stream&, false>;

    /// Our close frame and the client's (RFC 6455 section 7.1.1).
    enum class farewell {
        /// We have sent none.
        none,
        /// Ours is being sent, or its answer awaited.
        under_way,
        /// The client may not have read ours yet, and may still be sending.
        unanswered,
        /// Nothing more comes from the client.
        answered,
    };

    /// Ends the connection when all that was taken has been sent.
    void let_go();
    /// Closes the socket; where the farewell is unanswered not before the client has closed its
    /// side: a socket that is closed with something unread in it would take the farewell from the
    /// client.
    void leave();
    void discard(std::shared_ptr<std::array<char, 16 * 1024>> room, std::size_t most);

    void on_frame(std::string_view text);
    /// Of the first frame; `false`: the connection is closed.
    task<bool> authenticate(std::string_view text);
    task<result<caller>> find_caller(const nlohmann::json& frame);
    void on_send(const nlohmann::json& frame, const std::string& request_id);
    void on_subscribe(const nlohmann::json& frame, const std::string& request_id);
    void on_resolve(const nlohmann::json& frame, const std::string& request_id);
    void on_workflow(std::string_view type, const nlohmann::json& frame,
                     const std::string& request_id);
    void on_command(std::string_view type, const nlohmann::json& frame,
                    const std::string& request_id);
    void welcome(caller who, const std::string& request_id);
    void command(runtime::session_command what);

    void send(std::string frame);
    void send_error(const std::string& request_id, const failure& why);
    void on_events(const std::string& conversation_id, const std::vector<shared_event>& events,
                   bool more);
    /// Pumps behind what waits on the strand already: news that come together leave together.
    void pump_soon();
    void pump();
    /// Hands what waits to the socket, until that has `most` octets to send.
    void take_waiting(std::size_t most);
    /// Nobody would tell the client anything any more: it is closed, and may come back.
    void session_lost();
    void close(beast::websocket::close_code code, runtime::websocket_end why);
    /// For the log: the user, or the link of a guest. Empty before the client is known.
    [[nodiscard]] std::string_view user_id() const;
    void ping();
    /// Asks whether the guest's link still lets it in.
    task<void> look_at_link();
    /// Tells why the client must go, and closes.
    void expel(const failure& why);

    front& server_;
    socket_stream socket_;
    ws_stream ws_;
    std::optional<caller> who_;
    std::string id_;
    runtime::session_actor session_;
    outbox outbox_;
    bool wants_room_ = false;
    bool pump_set_ = false;
    /// The outbox was full, and is looked at soon.
    bool slow_ = false;
    /// The handshake is over: frames may be sent.
    bool opened_ = false;
    bool closing_ = false;
    farewell farewell_ = farewell::none;
    /// Nothing more is read.
    bool ended_ = false;
    bool told_drain_ = false;
    int unanswered_pings_ = 0;
};

}  // namespace perin::net
