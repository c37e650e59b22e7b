#include "actors/delegation/hold_release.hpp"

#include "actors/delegation/delegation_attempt.hpp"
#include "runtime/crash_point.hpp"

namespace perin::actors {

using namespace runtime;

namespace {

void give_back(const delegation_attempt& of, const failure& why) {
    of.with_link([of, why](const found_delegation& at) {
        const auto* taken = find_booking_of(at, of.context().workflow_id);
        const bool undecided =
            taken != nullptr && (taken->state == booking_state::held ||
                                 taken->state == booking_state::awaiting_approval);
        if (!undecided) return of.end(why);
        settle_booking wanted{taken->user_id, taken->id, booking_state::expired, {}, of.now()};
        of.try_to<booking>(of.parts().calendars, std::move(wanted),
                           [of, why](const result<booking>& ended) {
                               if (!ended && ended.error().code != error_code::not_found)
                                   return of.end(ended.error());
                               crash_point("delegation.given_back");
                               of.end(why);
                           });
    });
}

class giving_back_run final : public step_run {
  public:
    giving_back_run(std::shared_ptr<step_run> run,
                    std::shared_ptr<const delegation_flow_parts> parts, std::uint32_t most_attempts)
        : run_(std::move(run)), parts_(std::move(parts)), most_attempts_(most_attempts) {}

    [[nodiscard]] const step_context& context() const override { return run_->context(); }
    [[nodiscard]] step_actor::pointer self() override { return run_->self(); }
    void progress(std::string message) override { run_->progress(std::move(message)); }
    void end(step_end how) override {
        const auto* why = std::get_if<failure>(&how);
        const auto attempt = context().attempt;
        const bool for_good =
            why && attempt > 0 && (!may_help(why->code) || attempt >= most_attempts_);
        if (!for_good) return run_->end(std::move(how));
        give_back(delegation_attempt(run_, parts_), *why);
    }

  private:
    std::shared_ptr<step_run> run_;
    std::shared_ptr<const delegation_flow_parts> parts_;
    std::uint32_t most_attempts_;
};

}  // namespace

std::shared_ptr<step_run> giving_back(std::shared_ptr<step_run> run,
                                      std::shared_ptr<const delegation_flow_parts> parts,
                                      std::uint32_t most_attempts) {
    return std::make_shared<giving_back_run>(std::move(run), std::move(parts), most_attempts);
}

}  // namespace perin::actors
