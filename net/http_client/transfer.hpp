#pragma once

#include "net/http_client/http_client.hpp"
#include "net/http_client/http_exchange.hpp"

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace perin::net {

class mailbox;
class transfer;

struct easy_closer {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using easy_handle = std::unique_ptr<CURL, easy_closer>;

struct slist_closer {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// What transfers share: one time for all events of a batch, and who has something to tell when the
/// read is over. Belongs to the client's thread.
struct transfer_batch {
    std::chrono::steady_clock::time_point now;
    std::vector<transfer*> touched;
};

/// One call: the request, the state of its answer and its deadlines. All but `cancel`, `refuse` and
/// the constructor belong to the client's thread.
class transfer final : public http_call, public std::enable_shared_from_this<transfer> {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    transfer(http_request request, std::shared_ptr<http_exchange> exchange,
             std::shared_ptr<mailbox> box, time_point now);

    void cancel() override;
    [[nodiscard]] bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
    /// Before the hand-over: the call is to end with `overloaded`.
    void refuse();
    [[nodiscard]] bool refused() const { return refused_; }

    /// Prepares `easy` for the request; false where the request cannot be sent.
    [[nodiscard]] bool begin(easy_handle easy, transfer_batch& batch);
    [[nodiscard]] CURL* easy() const { return easy_.get(); }
    /// Gives back the handle, free of anything of this call.
    [[nodiscard]] easy_handle release();

    /// Tells the exchange that a read is over, where it brought something.
    void end_of_read();
    /// The end: `error` unless the call itself knows better. Not before `release`.
    void finish(std::optional<http_error> error);
    [[nodiscard]] bool finished() const { return exchange_ == nullptr; }

    /// When the call times out, and how, if nothing more happens.
    struct limit {
        time_point at;
        /// Nothing: an answer that was enough already.
        std::optional<http_error> error;
    };
    [[nodiscard]] limit deadline() const;
    /// When the loop looks at the deadline next; nothing while it does not.
    std::optional<time_point> armed;

    /// The end that libcurl's code means.
    [[nodiscard]] std::optional<http_error> outcome(CURLcode code) const;

  private:
    static std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t body_callback(char* data, std::size_t size, std::size_t count, void* self);
    [[nodiscard]] bool read_header(std::string_view line);
    [[nodiscard]] bool read_body(std::string_view piece);
    [[nodiscard]] bool set_headers();
    [[nodiscard]] bool set_method();

    http_request request_;
    std::shared_ptr<http_exchange> exchange_;
    const std::shared_ptr<mailbox> box_;
    transfer_batch* batch_ = nullptr;
    easy_handle easy_;
    std::unique_ptr<curl_slist, slist_closer> lines_;

    std::atomic<bool> cancelled_{false};
    bool refused_ = false;
    bool head_done_ = false;
    bool touched_ = false;
    /// Why a callback of ours ended the transfer.
    std::optional<http_error> stopped_;

    http_response_head head_;
    std::size_t head_bytes_ = 0;
    std::size_t body_bytes_ = 0;

    const time_point started_;
    std::optional<time_point> begun_;
    /// The last byte of the body.
    time_point last_read_{};
    std::optional<time_point> enough_;
};

/// A handle with all that is the same for every call; null where there is no memory.
[[nodiscard]] easy_handle make_easy(const http_client_options& options);

/// Whether the host of `url` is this machine, by name or address.
[[nodiscard]] bool is_loopback_url(std::string_view url);

}  // namespace perin::net
