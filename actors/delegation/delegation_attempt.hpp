#pragma once

#include "actors/delegation/delegation_flow.hpp"
#include "actors/delegation/link_booking.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <type_traits>
#include <utility>

namespace perin::actors {

/// One attempt of a step of a link's workflow.
class delegation_attempt {
  public:
    delegation_attempt(std::shared_ptr<step_run> run,
                       std::shared_ptr<const delegation_flow_parts> parts)
        : run_(std::move(run)), parts_(std::move(parts)) {}

    [[nodiscard]] const step_context& context() const { return run_->context(); }
    [[nodiscard]] const delegation_flow_parts& parts() const { return *parts_; }
    [[nodiscard]] timestamp now() const { return parts_->clock->now(); }

    void end(step_end how) const { run_->end(std::move(how)); }
    void done(nlohmann::json outcome) const { end(step_ok{std::move(outcome)}); }

    /// Asks, and goes on with the answer or the failure.
    template <class Answer, class Handle, class Message, class Then>
    void try_to(const runtime::actor_slot<Handle>& whom, Message message, Then then) const {
        const auto to = whom.load();
        if (!to) return end(failure{error_code::unavailable, "a part of the server is not there"});
        run_->self()
            ->request(to, parts_->timeout, std::move(message))
            .then([then](result<Answer>& answer) { then(std::move(answer)); },
                  [me = *this](const caf::error&) {
                      me.end(
                          failure{error_code::unavailable, "a part of the server does not answer"});
                  });
    }

    /// The same where a failure is the attempt's.
    template <class Answer, class Handle, class Message, class Then>
    void ask(const runtime::actor_slot<Handle>& whom, Message message, Then then) const {
        try_to<Answer>(whom, std::move(message), [me = *this, then](result<Answer> answer) {
            if (!answer) return me.end(answer.error());
            if constexpr (std::is_void_v<Answer>)
                then();
            else
                then(std::move(*answer));
        });
    }

    /// The link of the workflow, as it is now.
    template <class Then>
    void with_link(Then then) const {
        runtime::find_delegation wanted;
        wanted.user_id = context().user_id;
        wanted.id = text_of(context().input, "delegationId");
        ask<runtime::found_delegation>(parts_->reader, std::move(wanted), std::move(then));
    }

    /// The booking that it is about, too.
    template <class Then>
    void with_booking(Then then) const {
        with_link([me = *this, then](const runtime::found_delegation& at) {
            const auto* found = find_booking(at, me.booking_id());
            if (found == nullptr)
                return me.end(failure{error_code::gone, "the booking is no longer there"});
            then(at, *found);
        });
    }

    /// Of the input, or what an earlier step has agreed on.
    [[nodiscard]] std::string booking_id() const {
        for (const auto* step : {"create_event", "agree_slot"}) {
            const auto found = context().outcomes.find(step);
            if (found == context().outcomes.end()) continue;
            if (auto id = text_of(found->second, "bookingId"); !id.empty()) return id;
        }
        return text_of(context().input, "bookingId");
    }

    /// Empty where there is none.
    [[nodiscard]] static std::string text_of(const nlohmann::json& object, const char* name) {
        if (!object.is_object()) return {};
        const auto found = object.find(name);
        return found != object.end() && found->is_string() ? found->get<std::string>()
                                                           : std::string();
    }

  private:
    std::shared_ptr<step_run> run_;
    std::shared_ptr<const delegation_flow_parts> parts_;
};

// The steps, by what they do. What a workflow has taken or booked is taken back by `give_up`.
void validate_link(const delegation_attempt& of);
void load_owner_context(const delegation_attempt& of);
void check_availability(const delegation_attempt& of);
void agree_slot(const delegation_attempt& of);
void change_booking_of_link(const delegation_attempt& of);
void ask_owner(const delegation_attempt& of);
void create_event_of_link(const delegation_attempt& of);
void notify_owner(const delegation_attempt& of);
void mail_guest(const delegation_attempt& of);
void mail_owner(const delegation_attempt& of);
void give_up(const delegation_attempt& of);

}  // namespace perin::actors
