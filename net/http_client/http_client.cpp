#include "net/http_client/http_client.hpp"

#include "net/http_client/mailbox.hpp"
#include "net/http_client/transfer.hpp"
#include "net/http_client/transfer_loop.hpp"

#include <mutex>
#include <new>
#include <pthread.h>
#include <signal.h>
#include <thread>
#include <utility>

namespace perin::net {

namespace {

void initialise_curl() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::bad_alloc();
    });
}

/// A thread that no signal is delivered to: OpenSSL's writes to a lost peer raise SIGPIPE, and the
/// other signals are for the program's main thread.
std::thread thread_without_signals(transfer_loop& loop) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([&loop] {
        pthread_setname_np(pthread_self(), "perin-http");
        loop.run();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

class http_client::worker {
  public:
    explicit worker(const http_client_options& options)
        : box_(std::make_shared<mailbox>(options.max_in_flight + options.max_waiting)),
          loop_(options, box_),
          thread_(thread_without_signals(loop_)) {}

    ~worker() {
        box_->close();
        thread_.join();
    }

    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    [[nodiscard]] const std::shared_ptr<mailbox>& box() const { return box_; }

  private:
    std::shared_ptr<mailbox> box_;
    transfer_loop loop_;
    std::thread thread_;
};

http_client::http_client(http_client_options options) {
    initialise_curl();
    worker_ = std::make_unique<worker>(options);
}

http_client::~http_client() = default;

std::shared_ptr<http_call> http_client::start(http_request request,
                                              std::shared_ptr<http_exchange> exchange) {
    auto call = std::make_shared<transfer>(std::move(request), std::move(exchange), worker_->box(),
                                           std::chrono::steady_clock::now());
    worker_->box()->begin(call);
    return call;
}

}  // namespace perin::net
