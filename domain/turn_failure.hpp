#pragma once

#include "domain/model.hpp"
#include "domain/result.hpp"

namespace perin {

/// What follows a model call of a turn that has failed for good, retries included (protocol, Model
/// failures as a client sees them).
struct failure_verdict {
    enum class step {
        /// Once more, with half of the history.
        shorten,
        /// The next rung: another model, a cached answer, the offline assistant.
        fall_back,
        /// `turn.failed` with the rest of this.
        fail,
    };
    step what = step::fail;
    error_code code = error_code::upstream_failed;
    bool retryable = false;
};

/// `text_shown`: a part of the answer is with the client, and stays. `shortened`: the history was
/// shortened for such a failure before.
[[nodiscard]] failure_verdict verdict_of(const model_failure& why, bool text_shown,
                                         bool shortened) noexcept;

/// The category in a sentence for the user, without a full stop.
[[nodiscard]] const char* sentence_of(error_category category) noexcept;

}  // namespace perin
