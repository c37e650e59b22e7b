#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace perin::actors {

/// Where the server is reached from outside, such as `https://perin.example.org`: known once it
/// listens. Thread-safe.
class public_address {
  public:
    void put(std::string url) {
        std::lock_guard guard(lock_);
        url_ = std::move(url);
    }
    /// Empty before it is known.
    [[nodiscard]] std::string url() const {
        std::lock_guard guard(lock_);
        return url_;
    }

  private:
    mutable std::mutex lock_;
    std::string url_;
};

}  // namespace perin::actors
