#include "domain/turn_failure.hpp"

namespace perin {

failure_verdict verdict_of(const model_failure& why, bool text_shown, bool shortened) noexcept {
    using step = failure_verdict::step;
    auto late = why.category == error_category::timeout;
    if (text_shown)
        return {step::fail, late ? error_code::upstream_timeout : error_code::upstream_failed,
                true};
    switch (why.category) {
        case error_category::context_too_large:
            if (!shortened) return {step::shorten, error_code::too_large, false};
            return {step::fail, error_code::too_large, false};
        case error_category::rejected:
            return {step::fail, error_code::upstream_failed, false};
        case error_category::timeout:
            // Reached and silent: another try may do. Not reached: somebody else answers.
            if (why.silent) return {step::fail, error_code::upstream_timeout, true};
            return {step::fall_back, error_code::upstream_timeout, true};
        case error_category::rate_limit:
        case error_category::authentication:
        case error_category::quota:
        case error_category::unknown:
            return {step::fall_back, error_code::upstream_failed, false};
    }
    return {};
}

const char* sentence_of(error_category category) noexcept {
    switch (category) {
        case error_category::rate_limit:
            return "the model service asks to wait";
        case error_category::timeout:
            return "the model did not answer in time";
        case error_category::authentication:
            return "the model service refuses the configured key";
        case error_category::context_too_large:
            return "the conversation is too long for the model";
        case error_category::quota:
            return "the quota at the model service is spent";
        case error_category::rejected:
            return "the model service refused the request";
        case error_category::unknown:
            return "the model service failed";
    }
    return "the model service failed";
}

}  // namespace perin
