#pragma once

#include "domain/model.hpp"

#include <functional>
#include <memory>
#include <string>

namespace perin::runtime {

/// A call to a model in progress. Dropping the handle does not end the call.
class model_call {
  public:
    virtual ~model_call() = default;
    /// Ends the call; no event comes after the one that may be under way. Any thread; idempotent.
    virtual void cancel() = 0;
};

/// Where a call's events go. Called from a thread of the model's choosing (also from within
/// `start`), one event at a time; it must not block. The last event is a reply or a failure, and
/// comes exactly once unless the call is cancelled.
using model_sink = std::function<void(model_event)>;

/// What is asked: one value for all attempts of a call and all models that it passes. Never null.
using shared_model_request = std::shared_ptr<const model_request>;

/// Something that answers: an outside model service or the built-in offline assistant.
class chat_model {
  public:
    virtual ~chat_model() = default;
    /// Begins a call. Never blocks and never throws: whatever goes wrong is a `model_failure`.
    [[nodiscard]] virtual std::shared_ptr<model_call> start(shared_model_request request,
                                                            model_sink sink) = 0;
    /// Such as `gpt-4o-mini` or `offline`.
    [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace perin::runtime
