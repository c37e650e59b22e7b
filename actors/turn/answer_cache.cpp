#include "actors/turn/answer_cache.hpp"

#include <sodium.h>

#include <utility>

namespace perin::actors {

namespace {

/// Of the most that is kept, what one entry may take.
constexpr std::size_t share = 16;

/// Hashes parts, each with its length, so that no two lists of them look alike.
class part_hash {
  public:
    part_hash() { crypto_generichash_init(&state_, nullptr, 0, size); }

    void add(std::string_view part) {
        auto length = std::to_string(part.size()) + ":";
        update(length);
        update(part);
    }

    [[nodiscard]] std::string octets() {
        std::string out(size, '\0');
        crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(out.data()), size);
        return out;
    }

  private:
    static constexpr std::size_t size = crypto_generichash_BYTES;
    void update(std::string_view text) {
        crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(text.data()),
                                  text.size());
    }
    crypto_generichash_state state_{};
};

}  // namespace

std::string answer_cache::key_of(const std::string& user_id, std::span<const chat_message> history,
                                 const std::string& message, const turn_options& options) {
    part_hash hash;
    for (std::string_view part :
         {std::string_view{user_id}, std::string_view{message}, std::string_view{options.tone},
          std::string_view{options.perin_name}, std::string_view{options.specialization},
          std::string_view{options.timezone}})
        hash.add(part);
    for (const auto& one : history) {
        hash.add(to_string(one.role));
        hash.add(one.content);
    }
    return hash.octets();
}

void answer_cache::keep(std::string key, std::string answer, time_point now) {
    auto size = key.size() + answer.size();
    if (answer.empty() || size > most_bytes_ / share) return;
    std::lock_guard guard(mutex_);
    if (auto known = by_key_.find(key); known != by_key_.end()) drop(known->second);
    entries_.push_front({std::move(key), std::move(answer), now + life_});
    by_key_.emplace(entries_.front().key, entries_.begin());
    bytes_ += size;
    while (bytes_ > most_bytes_) drop(std::prev(entries_.end()));
}

std::optional<std::string> answer_cache::find(const std::string& key, time_point now) {
    std::lock_guard guard(mutex_);
    auto known = by_key_.find(key);
    if (known == by_key_.end()) return std::nullopt;
    if (known->second->until <= now) {
        drop(known->second);
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, known->second);
    return known->second->answer;
}

std::size_t answer_cache::bytes() const {
    std::lock_guard guard(mutex_);
    return bytes_;
}

void answer_cache::drop(std::list<entry>::iterator one) {
    bytes_ -= one->key.size() + one->answer.size();
    by_key_.erase(one->key);
    entries_.erase(one);
}

}  // namespace perin::actors
