#include "net/front/outbox.hpp"

#include <algorithm>

namespace perin::net {

std::string text_frame_head(std::size_t size) {
    const std::size_t octets = size < 126 ? 0 : size < 65536 ? 2 : 8;
    std::string head("\x81");
    head.push_back(static_cast<char>(octets == 0 ? size : octets == 2 ? 126 : 127));
    for (auto left = octets; left > 0; --left)
        head.push_back(static_cast<char>((size >> (8 * (left - 1))) & 0xff));
    return head;
}

void outbox::push(std::string frame, clock::time_point now) {
    bytes_ += frame.size();
    frames_.push_back({{}, nullptr, std::move(frame)});
    note(now);
}

void outbox::push(const std::string& conversation_id, shared_event one, clock::time_point now) {
    bytes_ += one->frame.size();
    frames_.push_back({conversation_id, std::move(one), {}});
    if (bytes_ > merge_above && bytes_ > merged_at_ + std::max(merge_above / 4, merged_at_))
        merge_waiting();
    note(now);
}

void outbox::merge_waiting() {
    std::vector<waiting> kept;
    std::optional<event> joined;
    std::string of;
    auto finish = [&] {
        if (!joined) return;
        auto whole = std::make_shared<published_event>();
        whole->frame = to_frame(of, *joined);
        whole->value = std::move(*joined);
        kept.push_back({of, std::move(whole), {}});
        joined.reset();
    };
    for (auto i = next_; i < frames_.size(); ++i) {
        auto& one = frames_[i];
        auto delta = one.what && std::holds_alternative<text_delta>(one.what->value.body);
        if (delta && joined && of == one.conversation_id && can_merge(*joined, one.what->value)) {
            merge_into(*joined, one.what->value);
            continue;
        }
        finish();
        if (delta) {
            joined = one.what->value;
            of = one.conversation_id;
        } else {
            kept.push_back(std::move(one));
        }
    }
    finish();
    frames_ = std::move(kept);
    next_ = 0;
    bytes_ = 0;
    for (const auto& one : frames_) bytes_ += one.size();
    merged_at_ = bytes_;
}

void outbox::clear() {
    next_ = 0;
    merged_at_ = 0;
    if (frames_.capacity() > 16)
        std::vector<waiting>().swap(frames_);
    else
        frames_.clear();
}

void outbox::note(clock::time_point now) {
    if (bytes_ <= most)
        full_since_.reset();
    else if (!full_since_)
        full_since_ = now;
}

bool outbox::overdue(clock::time_point now) const noexcept {
    return full_since_ && now - *full_since_ >= patience;
}

}  // namespace perin::net
