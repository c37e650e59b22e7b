#pragma once

#include "runtime/chat_model.hpp"
#include "runtime/supervision/actor_slot.hpp"
#include "runtime/upstream/upstream.hpp"

#include <chrono>
#include <memory>

namespace perin::actors {

/// How long the calls of a supervised model may take.
struct model_terms {
    /// All waits between attempts together; somebody looks on.
    std::chrono::milliseconds patience{15'000};
    /// From the beginning of the call to its last attempt's end.
    std::chrono::milliseconds within{600'000};
};

/// `inner`, whose calls go through the supervisor of its upstream: they are tried again where that
/// helps, and not made at all while the circuit is open. An attempt whose text has been passed on
/// is not tried again. What the attempts of a call took goes together into the `elapsed` of its
/// end.
class supervised_model final : public runtime::chat_model {
  public:
    supervised_model(std::shared_ptr<runtime::chat_model> inner,
                     runtime::actor_slot<runtime::upstream_actor> upstream, model_terms terms)
        : inner_(std::move(inner)), upstream_(std::move(upstream)), terms_(terms) {}

    [[nodiscard]] std::shared_ptr<runtime::model_call> start(runtime::shared_model_request request,
                                                             runtime::model_sink sink) override;
    [[nodiscard]] const std::string& name() const override { return inner_->name(); }

  private:
    std::shared_ptr<runtime::chat_model> inner_;
    runtime::actor_slot<runtime::upstream_actor> upstream_;
    model_terms terms_;
};

}  // namespace perin::actors
