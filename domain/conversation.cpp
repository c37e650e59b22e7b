#include "domain/conversation.hpp"

#include "domain/conversation_records.hpp"
#include "domain/text.hpp"

#include <algorithm>

namespace perin {

namespace {

/// Messages kept for the model; its window cuts further.
constexpr std::size_t most_history = 400;

}  // namespace

result<conversation::acceptance> conversation::accept(pending_turn turn, busy_policy policy,
                                                      timestamp now,
                                                      std::span<const chat_message> history) {
    bool busy = running_.has_value() || !queue_.empty();
    if (busy && policy == busy_policy::reject)
        return failure{error_code::conflict, "a turn of this conversation is running"};
    if (busy && queue_.size() >= most_queued)
        return failure{error_code::rate_limited,
                       "too many turns of this conversation wait",
                       {},
                       {},
                       std::chrono::seconds{1}};
    acceptance out;
    out.seq = last_seq_;
    out.interrupts = busy && policy == busy_policy::interrupt;
    turn.accepted_at = now;
    turn.accepted_version = version_ + 1;
    for (const auto& message : history) history_.push_back(message);
    std::optional<std::uint64_t> started;
    if (!busy) started = last_seq_ + 1;
    const auto mode = busy ? std::nullopt : mode_at_start(turn);
    out.change = write(kinds::accepted, accepted_payload(turn, started, history, mode), now);
    if (!busy) {
        begin_running(std::move(turn), *started, mode, now);
        out.change.events.push_back(running_->events.back());
    } else if (out.interrupts) {
        queue_.push_front(std::move(turn));
    } else {
        queue_.push_back(std::move(turn));
    }
    return out;
}

std::optional<conversation_change> conversation::start_next(timestamp now) {
    if (running_ || queue_.empty()) return std::nullopt;
    auto turn = std::move(queue_.front());
    queue_.pop_front();
    const auto mode = mode_at_start(turn);
    auto change = write(kinds::started, started_payload(turn, last_seq_ + 1, mode), now);
    begin_running(std::move(turn), last_seq_ + 1, mode, now);
    change.events.push_back(running_->events.back());
    return change;
}

std::optional<execution_mode> conversation::mode_at_start(const pending_turn& turn) const {
    // A guest's turn may become one of several steps.
    if (is_guests_) return std::nullopt;
    return mode_of(turn, history_);
}

void conversation::begin_running(pending_turn turn, std::uint64_t started_seq,
                                 std::optional<execution_mode> mode, timestamp now) {
    running_turn next;
    next.mode = mode;
    next.started_seq = started_seq;
    next.turn = std::move(turn);
    last_seq_ = started_seq - 1;
    running_ = std::move(next);
    auto started = make_event(running_->turn.turn_id,
                              turn_started{running_->turn.message, running_->mode}, now);
    running_->events.push_back(started);
}

conversation_change conversation::restart(timestamp now) {
    auto seq = last_seq_ + restart_gap;
    auto change = write(kinds::restarted,
                        restarted_payload(running_->turn.turn_id, seq, running_->events), now);
    last_seq_ = seq - 1;
    auto notice = make_event(running_->turn.turn_id, restarted_notice(), now);
    running_->events.push_back(notice);
    running_->text.clear();
    change.events.push_back(std::move(notice));
    return change;
}

shared_event conversation::make_event(const std::string& turn_id, event_body body, timestamp now) {
    auto seq = ++last_seq_;
    auto made = std::make_shared<published_event>();
    made->value = event{turn_id, seq, seq, now, std::move(body)};
    made->frame = to_frame(key_.conversation_id, made->value);
    return made;
}

shared_event conversation::publish(event_body body, timestamp now) {
    if (const auto* delta = std::get_if<text_delta>(&body)) running_->text.append(delta->text);
    auto made = make_event(running_->turn.turn_id, std::move(body), now);
    running_->events.push_back(made);
    return made;
}

conversation_change conversation::plan(std::vector<tool_call> calls, timestamp now) {
    auto change = write(kinds::planned, planned_payload(running_->turn.turn_id, calls), now);
    planner_round round;
    round.outcomes.resize(calls.size());
    round.calls = std::move(calls);
    running_->rounds.push_back(std::move(round));
    return change;
}

conversation_change conversation::finish_tool(const std::string& call_id, tool_outcome outcome,
                                              timestamp now) {
    auto change = write(kinds::tool, tool_payload(running_->turn.turn_id, call_id, outcome), now);
    auto& round = running_->rounds.back();
    for (std::size_t i = 0; i < round.calls.size(); ++i)
        if (round.calls[i].id == call_id) round.outcomes[i] = outcome;
    change.events.push_back(publish(tool_finished{call_id, std::move(outcome)}, now));
    return change;
}

conversation_change conversation::finish(const turn_end& end, timestamp now) {
    auto ended = std::move(*running_);
    running_.reset();
    event_body last;
    if (end.outcome == turn_end::status::failed)
        last = end.failure;
    else
        last = turn_completed{ended.text, end.reason, end.usage, end.overhead_ms};
    ended.events.push_back(make_event(ended.turn.turn_id, std::move(last), now));
    auto change = write(kinds::ended, ended_payload(ended.turn, end.outcome, ended.events), now);
    change.events.push_back(ended.events.back());
    remember_turn(ended.turn.message, ended.text);
    for (auto& one : ended.events) keep(std::move(one));
    return change;
}

std::optional<conversation_change> conversation::cancel_queued(const std::string& turn_id,
                                                               timestamp now) {
    auto found = std::find_if(queue_.begin(), queue_.end(),
                              [&](const auto& turn) { return turn.turn_id == turn_id; });
    if (found == queue_.end()) return std::nullopt;
    auto turn = std::move(*found);
    queue_.erase(found);
    auto told = make_event(turn_id, turn_completed{{}, finish_reason::cancelled}, now);
    auto within = running_ ? running_->turn.turn_id : std::string{};
    auto change = write(kinds::dropped, dropped_payload(turn, told->value.seq, within), now);
    change.events.push_back(told);
    if (running_)
        running_->events.push_back(std::move(told));
    else
        keep(std::move(told));
    remember_turn(turn.message, {});
    return change;
}

conversation_change conversation::tell(const std::string& turn_id, const std::string& stream,
                                       std::uint64_t version, std::vector<event_body> bodies,
                                       timestamp now) {
    std::vector<shared_event> events;
    events.reserve(bodies.size());
    for (auto& body : bodies) events.push_back(make_event(turn_id, std::move(body), now));
    auto within = running_ ? running_->turn.turn_id : std::string{};
    auto change =
        write(kinds::told, told_payload({turn_id, stream, version, within, {}}, events), now);
    for (const auto& one : events) {
        if (running_)
            running_->events.push_back(one);
        else
            keep(one);
    }
    change.events = std::move(events);
    remember_told(stream, version);
    return change;
}

bool conversation::has_told(std::string_view stream, std::uint64_t version) const {
    return std::ranges::any_of(
        told_, [&](const auto& one) { return one.first == stream && one.second >= version; });
}

void conversation::remember_told(const std::string& stream, std::uint64_t version) {
    std::erase_if(told_, [&](const auto& one) { return one.first == stream; });
    told_.emplace_back(stream, version);
    if (told_.size() > most_told) told_.pop_front();
}

conversation_change conversation::write(std::string kind, std::string payload, timestamp now) {
    conversation_change change;
    change.expected_version = version_++;
    change.records.push_back({version_, std::move(kind), std::move(payload), now});
    return change;
}

void conversation::remember_turn(const std::string& message, const std::string& text) {
    history_.push_back({chat_role::user, message});
    if (!text.empty()) history_.push_back({chat_role::assistant, text});
    if (history_.size() > most_history)
        history_.erase(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(
                                                                history_.size() - most_history));
}

void conversation::keep(shared_event one) {
    kept_bytes_ += one->frame.size();
    kept_.push_back(std::move(one));
    while (kept_bytes_ > most_kept_bytes && !kept_.empty()) {
        kept_bytes_ -= kept_.front()->frame.size();
        kept_from_ = kept_.front()->value.seq;
        kept_.pop_front();
    }
}

std::vector<shared_event> conversation::events_after(std::uint64_t seq) const {
    std::vector<shared_event> out;
    auto later = [&](const shared_event& one) { return one->value.seq > seq; };
    auto first = std::find_if(kept_.begin(), kept_.end(), later);
    out.insert(out.end(), first, kept_.end());
    if (running_)
        std::copy_if(running_->events.begin(), running_->events.end(), std::back_inserter(out),
                     later);
    return out;
}

void conversation::restore(std::span<const journal_record> tail, std::uint64_t last_seq) {
    last_seq_ = last_seq;
    kept_from_ = last_seq;
    for (const auto& record : tail) restore_record(record);
    if (!tail.empty()) version_ = tail.back().version;
    last_seq_ = std::max(last_seq_, last_seq);
    if (!running_) {
        kept_from_ = last_seq_;
        return;
    }
    // What readers lack of the running turn comes from here, what lies before from the journal.
    kept_from_ = running_->started_seq - 1;
}

void conversation::restore_record(const journal_record& record) {
    auto fact = read_record(record);
    if (auto* accepted = std::get_if<accepted_fact>(&fact)) {
        for (auto& message : accepted->history) history_.push_back(std::move(message));
        if (accepted->started_seq)
            begin_running(std::move(accepted->turn), *accepted->started_seq, accepted->mode,
                          record.at);
        else
            queue_.push_back(std::move(accepted->turn));
    } else if (auto* started = std::get_if<started_fact>(&fact)) {
        auto found = std::find_if(queue_.begin(), queue_.end(), [&](const auto& turn) {
            return turn.turn_id == started->turn_id;
        });
        if (found == queue_.end()) return;
        auto turn = std::move(*found);
        queue_.erase(found);
        begin_running(std::move(turn), started->seq, started->mode, record.at);
    } else if (auto* restarted = std::get_if<restarted_fact>(&fact)) {
        if (!running_) return;
        last_seq_ = restarted->seq - 1;
        running_->events.push_back(make_event(restarted->turn_id, restarted_notice(), record.at));
    } else if (auto* planned = std::get_if<planned_fact>(&fact)) {
        if (!running_) return;
        planner_round round;
        round.outcomes.resize(planned->calls.size());
        round.calls = std::move(planned->calls);
        running_->rounds.push_back(std::move(round));
    } else if (auto* tool = std::get_if<tool_fact>(&fact)) {
        if (!running_ || running_->rounds.empty()) return;
        auto& round = running_->rounds.back();
        for (std::size_t i = 0; i < round.calls.size(); ++i)
            if (round.calls[i].id == tool->call_id) round.outcomes[i] = tool->outcome;
    } else if (auto* dropped = std::get_if<dropped_fact>(&fact)) {
        drop_pending(dropped->turn_id);
        restore_beside(dropped->within, {dropped->turn_id, dropped->seq, dropped->seq, record.at,
                                         turn_completed{{}, finish_reason::cancelled}});
        remember_turn(dropped->message, {});
    } else if (auto* told = std::get_if<told_fact>(&fact)) {
        for (auto& one : told->events) restore_beside(told->within, std::move(one));
        remember_told(told->stream, told->version);
    } else if (auto* ended = std::get_if<ended_fact>(&fact)) {
        auto message = running_ && running_->turn.turn_id == ended->turn_id ? running_->turn.message
                                                                            : std::string{};
        running_.reset();
        if (!ended->events.empty()) last_seq_ = std::max(last_seq_, ended->events.back().seq);
        if (!message.empty()) remember_turn(message, text_of(ended->events));
    }
}

/// What a record holds that is not of the turn beside which it came.
void conversation::restore_beside(const std::string& within, event one) {
    last_seq_ = std::max(last_seq_, one.seq);
    if (!running_ || running_->turn.turn_id != within) return;
    auto told = std::make_shared<published_event>();
    told->frame = to_frame(key_.conversation_id, one);
    told->value = std::move(one);
    running_->events.push_back(std::move(told));
}

void conversation::drop_pending(const std::string& turn_id) {
    std::erase_if(queue_, [&](const auto& turn) { return turn.turn_id == turn_id; });
}

std::vector<event> events_of(std::span<const journal_record> records) {
    std::vector<event> out;
    for (const auto& record : records) {
        auto fact = read_record(record);
        auto add = [&](const std::string& turn_id, std::uint64_t seq, event_body body) {
            out.push_back({turn_id, seq, seq, record.at, std::move(body)});
        };
        auto move_all = [&](std::vector<event>& events) {
            out.insert(out.end(), std::make_move_iterator(events.begin()),
                       std::make_move_iterator(events.end()));
        };
        if (auto* accepted = std::get_if<accepted_fact>(&fact)) {
            if (accepted->started_seq)
                add(accepted->turn.turn_id, *accepted->started_seq,
                    turn_started{accepted->turn.message, accepted->mode});
        } else if (auto* started = std::get_if<started_fact>(&fact)) {
            add(started->turn_id, started->seq, turn_started{started->message, started->mode});
        } else if (auto* restarted = std::get_if<restarted_fact>(&fact)) {
            move_all(restarted->events);
            add(restarted->turn_id, restarted->seq, restarted_notice());
        } else if (auto* dropped = std::get_if<dropped_fact>(&fact)) {
            if (dropped->within.empty())
                add(dropped->turn_id, dropped->seq, turn_completed{{}, finish_reason::cancelled});
        } else if (auto* ended = std::get_if<ended_fact>(&fact)) {
            move_all(ended->events);
        } else if (auto* told = std::get_if<told_fact>(&fact)) {
            if (told->within.empty()) move_all(told->events);
        }
    }
    return out;
}

std::uint64_t highest_seq(const journal_record& record) {
    auto events = events_of({&record, 1});
    return events.empty() ? 0 : events.back().seq;
}

std::vector<conversation_message> messages_of(std::span<const journal_record> records) {
    std::vector<conversation_message> out;
    auto message_of = [&](const std::string& turn_id, chat_role role) -> conversation_message* {
        for (auto& one : out)
            if (one.turn_id == turn_id && one.role == role) return &one;
        return nullptr;
    };
    auto set_status = [&](const std::string& turn_id, const std::string& status) {
        for (auto& one : out)
            if (one.turn_id == turn_id) one.status = status;
    };
    for (const auto& record : records) {
        auto fact = read_record(record);
        if (auto* accepted = std::get_if<accepted_fact>(&fact)) {
            std::size_t number = 0;
            for (const auto& earlier : accepted->history)
                out.push_back({accepted->turn.user_message_id + "-" + std::to_string(++number), "",
                               earlier.role, earlier.content, record.at, "complete"});
            const auto& turn = accepted->turn;
            out.push_back({turn.user_message_id, turn.turn_id, chat_role::user, turn.message,
                           record.at, "pending"});
            out.push_back({turn.assistant_message_id, turn.turn_id, chat_role::assistant, "",
                           record.at, "pending"});
        } else if (auto* dropped = std::get_if<dropped_fact>(&fact)) {
            set_status(dropped->turn_id, "cancelled");
        } else if (auto* ended = std::get_if<ended_fact>(&fact)) {
            set_status(ended->turn_id, to_string(ended->outcome));
            if (auto* answer = message_of(ended->turn_id, chat_role::assistant)) {
                answer->content = text_of(ended->events);
                answer->at = record.at;
            }
        }
    }
    return out;
}

std::string title_of(std::string_view first_message) {
    auto line = first_message.substr(0, first_message.find_first_of("\r\n"));
    auto cut = utf8_prefix(line, 80);
    std::string title(cut.empty() ? std::string_view{"Conversation"} : cut);
    // A list is one line each, and no database keeps a NUL.
    std::ranges::replace_if(
        title, [](unsigned char each) { return each < ' '; }, ' ');
    return title;
}

}  // namespace perin
