#pragma once

#include "domain/turn.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

namespace perin::actors {

/// Answers of a model to requests that were made without tools, for when no model can be reached
/// and the same is asked again. Bounded; the one that was used longest ago goes first. Thread-safe.
class answer_cache {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `most_bytes` of keys and answers together; an answer is good for `life`.
    explicit answer_cache(std::size_t most_bytes = 8 * 1024 * 1024,
                          std::chrono::milliseconds life = std::chrono::hours{24})
        : most_bytes_(most_bytes), life_(life) {}

    /// What makes two requests the same: the user, what they asked, all that was said before, and
    /// how they want to be answered. Not the time, nor what is remembered of them. A hash (BLAKE2b,
    /// 32 octets): a long conversation is not kept twice.
    [[nodiscard]] static std::string key_of(const std::string& user_id,
                                            std::span<const chat_message> history,
                                            const std::string& message,
                                            const turn_options& options);

    void keep(std::string key, std::string answer, time_point now);
    [[nodiscard]] std::optional<std::string> find(const std::string& key, time_point now);

    [[nodiscard]] std::size_t bytes() const;

  private:
    struct entry {
        std::string key;
        std::string answer;
        time_point until;
    };
    void drop(std::list<entry>::iterator one);

    const std::size_t most_bytes_;
    const std::chrono::milliseconds life_;
    mutable std::mutex mutex_;
    /// The last used first.
    std::list<entry> entries_;
    std::unordered_map<std::string_view, std::list<entry>::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace perin::actors
