#include "actors/turn/answer_cache.hpp"

#include <utility>

namespace perin::actors {

namespace {

/// Of the most that is kept, what one entry may take.
constexpr std::size_t share = 16;

/// With its length, so that no two lists of parts look alike.
void add(std::string& out, std::string_view part) {
    out.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace

std::string answer_cache::key_of(const std::string& user_id, std::span<const chat_message> history,
                                 const std::string& message, const turn_options& options) {
    std::string out;
    for (const auto& part : {user_id, message, options.tone, options.perin_name,
                             options.specialization, options.timezone})
        add(out, part);
    for (const auto& one : history) {
        add(out, to_string(one.role));
        add(out, one.content);
    }
    return out;
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
