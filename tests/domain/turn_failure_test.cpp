#include "domain/turn_failure.hpp"

#include <catch2/catch.hpp>

using namespace perin;

TEST_CASE("what follows a failed model call goes by its category and what was shown") {
    using step = failure_verdict::step;
    struct row {
        error_category category;
        bool silent;
        bool shown;
        bool shortened;
        step what;
        error_code code;
        bool retryable;
    };
    using enum error_category;
    auto at = GENERATE(
        row{unknown, false, false, false, step::fall_back, error_code::upstream_failed, false},
        row{rate_limit, false, false, false, step::fall_back, error_code::upstream_failed, false},
        row{authentication, false, false, false, step::fall_back, error_code::upstream_failed,
            false},
        row{quota, false, false, false, step::fall_back, error_code::upstream_failed, false},
        row{timeout, false, false, false, step::fall_back, error_code::upstream_timeout, true},
        row{timeout, true, false, false, step::fail, error_code::upstream_timeout, true},
        row{timeout, true, true, false, step::fail, error_code::upstream_timeout, true},
        row{unknown, false, true, false, step::fail, error_code::upstream_failed, true},
        row{rejected, false, false, false, step::fail, error_code::upstream_failed, false},
        row{context_too_large, false, false, false, step::shorten, error_code::too_large, false},
        row{context_too_large, false, false, true, step::fail, error_code::too_large, false});
    model_failure why;
    why.category = at.category;
    why.silent = at.silent;
    auto verdict = verdict_of(why, at.shown, at.shortened);
    CHECK(verdict.what == at.what);
    CHECK(verdict.code == at.code);
    CHECK(verdict.retryable == at.retryable);
}
