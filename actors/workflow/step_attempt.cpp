#include "actors/workflow/step_attempt.hpp"

#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

namespace {

struct attempt_state {
    static constexpr const char* name = "step";
};

using attempt_pointer = step_actor::stateful_pointer<attempt_state>;

/// An attempt as its executor sees it. Executors keep it in the handlers of their requests, which
/// go with the actor.
class attempt_run final : public step_run {
  public:
    attempt_run(attempt_pointer self, attempt_start start, orchestration_actor whose)
        : self_(self), start_(std::move(start)), whose_(std::move(whose)) {}

    [[nodiscard]] const step_context& context() const override { return start_.context; }
    [[nodiscard]] step_actor::pointer self() override { return self_; }
    void progress(std::string message) override {
        if (!ended_) self_->send(whose_, attempt_progressed{start_.number, std::move(message)});
    }
    void end(step_end how) override {
        if (ended_) return;
        ended_ = true;
        self_->send(whose_, attempt_ended{start_.number, std::move(how)});
        self_->quit();
    }

  private:
    attempt_pointer self_;
    attempt_start start_;
    orchestration_actor whose_;
    bool ended_ = false;
};

step_actor::behavior_type attempt(attempt_pointer self, std::shared_ptr<const workflow_book> book,
                                  const step_kind* kind, std::shared_ptr<attempt_start> start,
                                  orchestration_actor whose) {
    runtime::prepare(self);
    return {
        // The book keeps the kind.
        [self, book, kind, start, whose](begin_step) {
            const bool compensates = start->compensates;
            auto run = std::make_shared<attempt_run>(self, std::move(*start), whose);
            if (compensates)
                kind->compensate(std::move(run));
            else
                kind->run(std::move(run));
        },
    };
}

}  // namespace

step_actor spawn_attempt(caf::actor_system& system, std::shared_ptr<const workflow_book> book,
                         const step_kind& kind, attempt_start start, orchestration_actor whose) {
    return system.spawn(attempt, std::move(book), &kind,
                        std::make_shared<attempt_start>(std::move(start)), std::move(whose));
}

}  // namespace perin::actors
