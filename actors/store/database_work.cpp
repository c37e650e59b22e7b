#include "actors/store/database_work.hpp"

#include <caf/send.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

/// All waits of a call together.
constexpr std::chrono::seconds patience{5};
/// With the time that its attempts take: those who asked wait 20 s and more.
constexpr std::chrono::seconds longest{12};

}  // namespace

attempt_end end_of(const result<void>& attempt) {
    if (attempt) return {};
    upstream_failure why;
    why.detail = attempt.error().detail;
    why.retryable = true;
    why.counts_for_circuit = true;
    return {why, true};
}

failure failure_of(const call_refusal& why) {
    if (why.last && !why.last->detail.empty()) return {error_code::unavailable, why.last->detail};
    return {error_code::unavailable, "the database does not answer"};
}

void submit(const upstream_actor& to, std::shared_ptr<database_work> work) {
    if (!to) return work->refused({});
    retry_terms terms;
    terms.patience = patience;
    caf::anon_send(to,
                   upstream_submit{std::make_shared<submission>(std::move(work)), terms, longest});
}

upstream_settings database_supervision() {
    using std::chrono::milliseconds;
    upstream_settings out;
    // One call alone must not open it: what a restart of the server held up is then done after all.
    out.circuit.failures_to_open = 10;
    // A call is a whole batch, or one read of a few.
    out.budget.floor = 32;
    out.circuit.open_for = milliseconds{1'000};
    out.circuit.open_jitter = milliseconds{500};
    out.circuit.probe_lost_after = std::chrono::seconds{60};
    out.retry.base = milliseconds{100};
    out.retry.most_retries = 10;
    out.retry.longest_backoff = std::chrono::seconds{1};
    return out;
}

}  // namespace perin::actors
