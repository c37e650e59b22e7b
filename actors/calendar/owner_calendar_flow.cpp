#include "actors/calendar/owner_calendar_flow.hpp"

#include "domain/json.hpp"
#include "persistence/credentials.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/log.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

failure store_silent() { return {error_code::unavailable, "the store does not answer"}; }

failure too_many() {
    return {error_code::unavailable, "too many changes of this calendar wait for their turn"};
}

failure not_to_be_had() {
    return {error_code::unavailable, "the calendar changes too fast; try again"};
}

/// What a call that was made before had come to.
std::optional<booking_outcome> outcome_of(const calendar::calendar_entry& entry,
                                          const booking_outcome*) {
    return booking_outcome{time_booked{entry, std::nullopt, true}};
}
std::optional<calendar::calendar_entry> outcome_of(const calendar::calendar_entry& entry,
                                                   const calendar::calendar_entry*) {
    return entry;
}

template <class Message>
std::optional<once_key> once_of(const Message& wanted) {
    if constexpr (requires { wanted.once; })
        return wanted.once;
    else
        return std::nullopt;
}

}  // namespace

void owner_calendar_flow::begin(pointer self, const calendars_parts& parts, std::string user_id) {
    self_ = self;
    parts_ = parts;
    user_id_ = std::move(user_id);
    self_
        ->request(parts_.reader.load(), parts_.store_timeout,
                  load_calendar{user_id_, parts_.clock->now() - bookings_kept})
        .await(
            [this](result<loaded_calendar>& loaded) {
                if (loaded) {
                    calendar_.emplace(std::move(*loaded));
                    return;
                }
                // A user who is not there stays so; the rest may be better a moment later.
                if (loaded.error().code == error_code::not_found) {
                    absent_ = loaded.error();
                    return;
                }
                self_->quit(caf::make_error(caf::sec::runtime_error, loaded.error().detail));
            },
            [this](const caf::error& why) { self_->quit(why); });
}

decision_sources owner_calendar_flow::sources() const {
    const auto now = parts_.clock->now();
    return {now, [this, now](const char* prefix) {
                return make_id(prefix, now, parts_.entropy->for_id());
            }};
}

// ----------------------------------------------------------------------------------- questions

template <class Answer, class Question>
caf::result<result<Answer>> owner_calendar_flow::answer(Question question) {
    if (absent_) return result<Answer>{*absent_};
    if (!parts_.shared && !stale_) return result<Answer>{question(*calendar_)};
    auto promise = owe<result<Answer>>(self_);
    refresh([this, promise, question] { promise.deliver(question(*calendar_)); },
            [promise](const failure& why) { promise.deliver(why); });
    return promise;
}

caf::result<result<std::vector<scheduling::interval>>> owner_calendar_flow::on_find(
    const find_free_time& wanted) {
    return answer<std::vector<scheduling::interval>>(
        [wanted](const owner_calendar& on) { return on.free_times(wanted); });
}

caf::result<result<listed_entries>> owner_calendar_flow::on_list(const list_entries& wanted) {
    return answer<listed_entries>(
        [wanted](const owner_calendar& on) { return on.entries(wanted); });
}

caf::result<result<std::vector<calendar::event>>> owner_calendar_flow::on_export() {
    return answer<std::vector<calendar::event>>(
        [](const owner_calendar& on) { return on.events(); });
}

// ------------------------------------------------------------------------------------- changes

bool owner_calendar_flow::wait_in_line(std::function<void()> command) {
    if (waiting_.size() >= parts_.most_waiting) return false;
    waiting_.push_back(std::move(command));
    if (!busy_) next();
    return true;
}

void owner_calendar_flow::next() {
    busy_ = !waiting_.empty();
    if (!busy_) return;
    auto command = std::move(waiting_.front());
    waiting_.pop_front();
    command();
}

void owner_calendar_flow::ask_effect(const std::optional<once_key>& once,
                                     std::function<void(result<std::optional<std::string>>)> then) {
    if (!once) return then(std::optional<std::string>{});
    self_->request(parts_.reader.load(), parts_.store_timeout, find_tool_effect{*once})
        .then([then](result<std::optional<std::string>>& found) { then(std::move(found)); },
              [then](const caf::error&) { then(store_silent()); });
}

template <class Answer, class Message>
caf::result<result<Answer>> owner_calendar_flow::on_change(Message& wanted) {
    auto promise = owe<result<Answer>>(self_);
    auto what = std::make_shared<Message>(std::move(wanted));
    auto tell = [this, promise](result<Answer> answer) {
        promise.deliver(std::move(answer));
        next();
    };
    auto run = [this, what, tell] {
        ask_effect(once_of(*what), [this, what, tell](result<std::optional<std::string>> earlier) {
            if (!earlier) return tell(earlier.error());
            if (*earlier) {
                const auto written = parse_json(**earlier);
                const auto entry = written ? calendar::entry_of(*written) : std::nullopt;
                if (!entry)
                    return tell(failure{error_code::internal,
                                        "the result of an earlier call cannot be read"});
                if constexpr (requires { outcome_of(*entry, static_cast<Answer*>(nullptr)); })
                    return tell(*outcome_of(*entry, static_cast<Answer*>(nullptr)));
            }
            attempt<Answer>([what](const owner_calendar& on,
                                   const decision_sources& from) { return on.decide(*what, from); },
                            tell);
        });
    };
    if (!wait_in_line(std::move(run))) promise.deliver(too_many());
    return promise;
}

template caf::result<result<booking_outcome>> owner_calendar_flow::on_change(book_time&);
template caf::result<result<booking_outcome>> owner_calendar_flow::on_change(move_event&);
template caf::result<result<calendar::calendar_entry>> owner_calendar_flow::on_change(
    cancel_event&);
template caf::result<result<booking>> owner_calendar_flow::on_change(settle_booking&);
template caf::result<result<booking_outcome>> owner_calendar_flow::on_change(move_booking&);

template <class Answer>
void owner_calendar_flow::attempt(decide_on<Answer> decide, told<Answer> tell,
                                  std::size_t attempts) {
    if (absent_) return tell(*absent_);
    if (stale_) return reload_and_attempt<Answer>(decide, tell, attempts);
    auto decided = decide(*calendar_, sources());
    if (auto* answer = std::get_if<result<Answer>>(&decided)) return tell(std::move(*answer));
    auto step = std::make_shared<decided_commit<Answer>>(
        std::move(std::get<decided_commit<Answer>>(decided)));
    crash_point("calendar.decided");
    self_->request(parts_.store.load(), parts_.store_timeout, step->commit)
        .then(
            [=, this](const result<calendar_committed>& done) {
                if (done) {
                    crash_point("calendar.committed");
                    calendar_->apply(step->commit, *done);
                    return tell(step->answer(*done));
                }
                if (done.error().code != error_code::conflict) {
                    stale_ = stale_ || done.error().code == error_code::unavailable;
                    return tell(done.error());
                }
                // Somebody else was quicker: what was looked at is no longer so.
                stale_ = true;
                if (attempts >= parts_.most_attempts) return tell(not_to_be_had());
                reload_and_attempt<Answer>(decide, tell, attempts + 1);
            },
            [=, this](const caf::error&) {
                // It may have been written, and is not told as if it had not.
                stale_ = true;
                tell(store_silent());
            });
}

template <class Answer>
void owner_calendar_flow::reload_and_attempt(decide_on<Answer> decide, told<Answer> tell,
                                             std::size_t attempts) {
    load(
        true, [=, this] { attempt<Answer>(decide, tell, attempts); },
        [tell](const failure& why) { tell(why); });
}

void owner_calendar_flow::refresh(std::function<void()> then,
                                  std::function<void(const failure&)> lost) {
    load(stale_, std::move(then), std::move(lost));
}

void owner_calendar_flow::load(bool anew, std::function<void()> then,
                               std::function<void(const failure&)> lost) {
    load_calendar wanted{user_id_, parts_.clock->now() - bookings_kept};
    if (!anew) wanted.known_version = calendar_->version();
    self_->request(parts_.reader.load(), parts_.store_timeout, std::move(wanted))
        .then(
            [this, then, lost](result<loaded_calendar>& loaded) {
                if (!loaded) return lost(loaded.error());
                // An older answer may come after a newer commit.
                if (!loaded->unchanged && (stale_ || loaded->version > calendar_->version()))
                    calendar_.emplace(std::move(*loaded));
                stale_ = false;
                then();
            },
            [lost](const caf::error&) { lost(store_silent()); });
}

// -------------------------------------------------------------------------------------- import

caf::result<result<events_imported>> owner_calendar_flow::on_import(import_events& wanted) {
    auto promise = owe<result<events_imported>>(self_);
    auto what = std::make_shared<import_events>(std::move(wanted));
    if (!wait_in_line([this, what, promise] { import_from(what, 0, {}, promise); }))
        promise.deliver(too_many());
    return promise;
}

void owner_calendar_flow::import_from(std::shared_ptr<import_events> wanted, std::size_t first,
                                      events_imported sum,
                                      owed_reply<result<events_imported>> promise) {
    if (first >= wanted->events.size()) {
        promise.deliver(sum);
        return next();
    }
    attempt<events_imported>(
        [wanted, first](const owner_calendar& on, const decision_sources& from) {
            return on.decide(*wanted, first, events_a_commit, from);
        },
        [=, this](const result<events_imported>& done) {
            if (!done) {
                promise.deliver(done.error());
                return next();
            }
            const events_imported so_far{sum.added + done->added, sum.replaced + done->replaced,
                                         sum.unchanged + done->unchanged};
            import_from(wanted, first + events_a_commit, so_far, promise);
        });
}

// ---------------------------------------------------------------------------------------- feed

caf::result<result<std::string>> owner_calendar_flow::on_renew_feed(const renew_feed& wanted) {
    auto promise = owe<result<std::string>>(self_);
    auto tell = [this, promise](result<std::string> answer) {
        promise.deliver(std::move(answer));
        next();
    };
    const auto token = persistence::new_token("");
    auto run = [this, tell, wanted, token] {
        attempt<std::string>(
            [wanted, token, hash = persistence::token_hash(token)](const owner_calendar& on,
                                                                   const decision_sources& from) {
                return on.decide(wanted, token, hash, from);
            },
            tell);
    };
    if (!wait_in_line(std::move(run))) promise.deliver(too_many());
    return promise;
}

}  // namespace perin::actors
