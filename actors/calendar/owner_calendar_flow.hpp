#pragma once

#include "actors/calendar/calendars.hpp"
#include "actors/calendar/owner_calendar.hpp"
#include "runtime/supervision/owed_reply.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace perin::actors {

/// An owner's calendar as an actor: changes wait for each other, questions are answered at once
/// from what is on disk.
///
///     waiting ──► (a tool's call: was it done before?) ──► decide ──► commit ──► answer, next
///                                                            ▲           │ conflict
///                                                            └── load ◄──┘
class owner_calendar_flow {
  public:
    static constexpr const char* name = "calendar";
    using pointer = runtime::calendars_actor::stateful_pointer<owner_calendar_flow>;

    void begin(pointer self, const calendars_parts& parts, std::string user_id);

    caf::result<result<std::vector<scheduling::interval>>> on_find(
        const runtime::find_free_time& wanted);
    caf::result<result<runtime::listed_entries>> on_list(const runtime::list_entries& wanted);
    caf::result<result<std::vector<calendar::event>>> on_export();

    /// Of a message that is decided by the calendar alone.
    template <class Answer, class Message>
    caf::result<result<Answer>> on_change(Message& wanted);
    caf::result<result<runtime::events_imported>> on_import(runtime::import_events& wanted);
    caf::result<result<std::string>> on_renew_feed(const runtime::renew_feed& wanted);

  private:
    template <class Answer>
    using decide_on =
        std::function<decision<Answer>(const owner_calendar&, const decision_sources&)>;
    template <class Answer>
    using told = std::function<void(result<Answer>)>;

    /// Brings the calendar up to what is on disk, where that may be newer.
    void refresh(std::function<void()> then, std::function<void(const failure&)> lost);
    void load(bool anew, std::function<void()> then, std::function<void(const failure&)> lost);
    /// Answers a question from the newest calendar.
    template <class Answer, class Question>
    caf::result<result<Answer>> answer(Question question);
    /// False where too much waits.
    bool wait_in_line(std::function<void()> command);
    void next();

    /// Decides, commits and tells; anew, where somebody else was quicker.
    template <class Answer>
    void attempt(decide_on<Answer> decide, told<Answer> tell, std::size_t attempts = 1);
    template <class Answer>
    void reload_and_attempt(decide_on<Answer> decide, told<Answer> tell, std::size_t attempts);
    /// What an earlier run of the same tool's call has done, else nothing.
    void ask_effect(const std::optional<runtime::once_key>& once,
                    std::function<void(result<std::optional<std::string>>)> then);
    void import_from(std::shared_ptr<runtime::import_events> wanted, std::size_t first,
                     runtime::events_imported sum,
                     runtime::owed_reply<result<runtime::events_imported>> promise);
    [[nodiscard]] decision_sources sources() const;

    pointer self_ = nullptr;
    calendars_parts parts_;
    std::string user_id_;
    std::optional<owner_calendar> calendar_;
    /// Why there is none: the user does not exist.
    std::optional<failure> absent_;
    /// What is at hand may not be what is on disk: a commit's end is not known.
    bool stale_ = false;
    std::deque<std::function<void()>> waiting_;
    bool busy_ = false;
};

}  // namespace perin::actors
