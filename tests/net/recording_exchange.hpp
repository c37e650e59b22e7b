#pragma once

#include "net/http_client/http_exchange.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perin::net {

/// Notes all that a call tells, for a test to wait for.
class recording_exchange final : public http_exchange {
    template <class Read>
    auto look(Read read) const {
        const std::lock_guard lock(mutex_);
        return read();
    }

  public:
    using flow = std::function<body_flow(std::string_view)>;

    recording_exchange() = default;
    explicit recording_exchange(flow answer) : answer_(std::move(answer)) {}

    void on_head(const http_response_head& head) override {
        note([&] { head_ = head; });
    }
    body_flow on_body(std::string_view piece) override {
        note([&] { body_ += piece; });
        return answer_ ? answer_(piece) : body_flow::more;
    }
    void on_read_end() override {
        note([&] { ++reads_; });
    }
    void on_done(std::optional<http_error> error) override {
        note([&] {
            error_ = error;
            ++ends_;
        });
    }

    /// Whether the call ends within ten seconds.
    [[nodiscard]] bool ends() const {
        return comes([this] { return ends_ > 0; });
    }
    [[nodiscard]] bool receives(std::string_view part) const {
        return comes([&] { return body_.find(part) != std::string::npos; });
    }
    /// `complete`, or the error's name.
    [[nodiscard]] std::string outcome() const {
        return look([this] { return std::string(error_ ? to_string(*error_) : "complete"); });
    }
    [[nodiscard]] http_response_head head() const {
        return look([this] { return head_; });
    }
    [[nodiscard]] std::string body() const {
        return look([this] { return body_; });
    }
    [[nodiscard]] int end_count() const {
        return look([this] { return ends_; });
    }
    [[nodiscard]] int reads() const {
        return look([this] { return reads_; });
    }

  private:
    void note(const std::function<void()>& change) {
        // Notified under the lock: the test may destroy this as soon as it has seen the change.
        const std::lock_guard lock(mutex_);
        change();
        changed_.notify_all();
    }
    bool comes(const std::function<bool()>& condition) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), condition);
    }
    const flow answer_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    http_response_head head_;
    std::string body_;
    std::optional<http_error> error_;
    int ends_ = 0;
    int reads_ = 0;
};

}  // namespace perin::net
