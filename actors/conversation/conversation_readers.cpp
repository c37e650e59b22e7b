#include "actors/conversation/conversation_flow.hpp"
#include "actors/fulfil.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace perin::actors {

using namespace runtime;

namespace {

/// Records that one page of a catch-up reads.
constexpr std::size_t page_records = 64;

}  // namespace

std::vector<shared_event> announce_gate::take() {
    std::vector<shared_event> out;
    while (!waiting_.empty() && waiting_.front().ticket <= committed_) {
        out.push_back(std::move(waiting_.front().what));
        waiting_.pop_front();
    }
    return out;
}

void conversation_flow::attach(const session_actor& reader) {
    if (std::find(readers_.begin(), readers_.end(), reader) != readers_.end()) return;
    readers_.push_back(reader);
    self_->monitor(reader);
}

void conversation_flow::on_leave(const session_actor& reader) {
    auto found = std::find(readers_.begin(), readers_.end(), reader);
    if (found == readers_.end()) return;
    self_->demonitor(reader.address());
    readers_.erase(found);
}

caf::result<result<fetch_page>> conversation_flow::on_fetch(const chat_fetch& wanted) {
    using reply = result<fetch_page>;
    if (!exists_ || deleted_)
        return reply{failure{error_code::not_found, "there is no such conversation"}};
    if (auto why = closed_to(wanted.delegation_id)) return reply{*why};
    auto known = std::find(readers_.begin(), readers_.end(), wanted.reader) != readers_.end();
    if (!known && readers_.size() >= parts_->most_readers)
        return reply{failure{error_code::rate_limited, "too many readers of this conversation"}};
    // A reader that asks anew is behind again until it has caught up.
    on_leave(wanted.reader);
    if (wanted.after_version == 0 && state_.holds_after(wanted.after_seq)) {
        fetch_page page{state_.events_after(wanted.after_seq), announced_, true, 0};
        std::erase_if(page.events, [this](const auto& one) { return one->value.seq > announced_; });
        attach(wanted.reader);
        return reply{std::move(page)};
    }
    auto promise = owe<reply>(self_);
    read_page(wanted, promise);
    return promise;
}

void conversation_flow::read_page(const chat_fetch& wanted,
                                  runtime::owed_reply<result<fetch_page>> promise) {
    // What is written while the disk is read may be missed there, and be gone from memory by then.
    auto current = [this, version = state_.version(), quiet = commits_open_ == 0] {
        return quiet && version == state_.version();
    };
    self_
        ->request(parts_->reader.load(), parts_->store_timeout,
                  read_records{state_.key(), wanted.after_seq, wanted.after_version, page_records})
        .then(
            [this, wanted, promise,
             current](const result<std::vector<journal_record>>& records) mutable {
                if (!records) return fulfil(promise, records.error());
                auto whole = records->size() < page_records;
                auto page = page_of(wanted, *records, whole && current());
                if (whole && !page.live) {
                    behind_.emplace_back(wanted, promise);
                    if (commits_open_ == 0) read_on();
                    return;
                }
                if (page.live) attach(wanted.reader);
                fulfil(promise, std::move(page));
            },
            [promise](const caf::error&) mutable {
                fulfil(promise, failure{error_code::unavailable, "the store does not answer"});
            });
}

fetch_page conversation_flow::page_of(const chat_fetch& wanted,
                                      std::span<const journal_record> records, bool current) {
    fetch_page page{{}, announced_, false, 0};
    auto last = wanted.after_seq;
    for (auto& one : events_of(records)) {
        auto rest = part_after(one, wanted.after_seq);
        if (!rest || rest->seq > announced_) continue;
        auto shown = std::make_shared<published_event>();
        shown->frame = to_frame(state_.key().conversation_id, *rest);
        shown->value = std::move(*rest);
        last = std::max(last, shown->value.seq);
        page.events.push_back(std::move(shown));
    }
    page.next_version = records.empty() ? wanted.after_version : records.back().version;
    // From here on memory has it: what is on disk may reach into the running turn.
    if (!current && !state_.holds_after(last)) return page;
    for (const auto& one : state_.events_after(std::max(last, state_.kept_from())))
        if (one->value.seq <= announced_) page.events.push_back(one);
    page.live = true;
    return page;
}

void conversation_flow::announce() {
    auto events = gate_.take();
    if (events.empty()) return;
    announced_ = events.back()->value.seq;
    for (const auto& reader : readers_)
        self_->send(reader, conversation_events{state_.key().conversation_id, events});
}

void conversation_flow::read_on() {
    for (auto& [wanted, promise] : std::exchange(behind_, {})) read_page(wanted, promise);
}

}  // namespace perin::actors
