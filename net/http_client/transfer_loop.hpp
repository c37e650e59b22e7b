#pragma once

#include "net/http_client/http_client.hpp"
#include "net/http_client/mailbox.hpp"
#include "net/http_client/transfer.hpp"

#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perin::net {

/// The client's thread: libcurl's multi interface on our own epoll.
///
///     mailbox ──> waiting ──> in flight ──> done
///                    │            │
///                 cancelled, or past a deadline
///
/// Deadlines are ordered by when they are looked at, not by when they fall due: a read of a socket
/// only notes the time, and a look that comes too early arms the next one.
class transfer_loop {
  public:
    transfer_loop(http_client_options options, std::shared_ptr<mailbox> box);
    ~transfer_loop();
    transfer_loop(const transfer_loop&) = delete;
    transfer_loop& operator=(const transfer_loop&) = delete;

    /// Until the mailbox is closed; all calls have ended then.
    void run();

  private:
    using time_point = transfer::time_point;
    using transfer_ptr = std::shared_ptr<transfer>;

    static int socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
    static int timer_callback(CURLM* multi, long milliseconds, void* self);
    static curl_socket_t open_callback(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int close_callback(void* self, curl_socket_t fd);

    /// False where the loop is to end.
    [[nodiscard]] bool read_mail();
    void accept(transfer_ptr call);
    void begin_waiting();
    void begin(transfer_ptr call);
    void on_cancel(const transfer_ptr& call);
    void serve_sockets();
    void serve_deferred();
    /// Tells libcurl of one event; what has begun to stream is deferred.
    void serve(const epoll_event& event);
    void serve_timer();
    void end_read();
    void collect_done();
    void expire();
    void arm(transfer& call);
    void disarm(transfer& call);
    /// Takes a call out of libcurl and ends it.
    void remove(transfer& call, std::optional<http_error> error);
    void drop_waiting(transfer& call, std::optional<http_error> error);
    void end_all();
    [[nodiscard]] std::optional<time_point::duration> time_to_wait() const;
    [[nodiscard]] bool batching() const;

    const http_client_options options_;
    const std::shared_ptr<mailbox> box_;
    CURLM* multi_ = nullptr;
    transfer_batch batch_;
    /// When libcurl wants to be called even without an event.
    std::optional<time_point> timer_;
    /// While batching: when deferred sockets are read next.
    time_point tick_{};
    std::unordered_map<transfer*, transfer_ptr> in_flight_;
    std::deque<transfer_ptr> waiting_;
    std::set<std::pair<time_point, transfer*>> deadlines_;
    std::vector<easy_handle> idle_handles_;
    mailbox::mail mail_;
};

}  // namespace perin::net
