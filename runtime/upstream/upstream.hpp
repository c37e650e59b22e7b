#pragma once

#include "domain/result.hpp"
#include "runtime/upstream/circuit_board.hpp"
#include "runtime/upstream/upstream_calls.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace perin::runtime {

class upstream_work;

/// A call on its way to its supervisor. Where it never gets there, since that has just died, the
/// call is refused as the message goes: nobody waits for an answer that nobody owes.
class submission {
  public:
    explicit submission(std::shared_ptr<upstream_work> work) : work_(std::move(work)) {}
    submission(const submission&) = delete;
    submission& operator=(const submission&) = delete;
    ~submission();

    /// It has arrived.
    [[nodiscard]] std::shared_ptr<upstream_work> take() { return std::move(work_); }

  private:
    std::shared_ptr<upstream_work> work_;
};

/// To an upstream: make this call.
struct upstream_submit {
    std::shared_ptr<submission> call;
    retry_terms terms;
    /// Sets the terms' deadline on the supervisor's clock.
    std::optional<std::chrono::milliseconds> within = {};
};

/// From wherever an attempt ran: how it ended.
struct upstream_ended {
    std::uint64_t call = 0;
    std::uint32_t attempt = 0;
    attempt_end how;
};

/// From the caller: it wants nothing more of this call.
struct upstream_cancel {
    std::uint64_t call = 0;
};

struct upstream_reset {};
/// To itself: something is due.
struct upstream_tick {};

/// The supervisor of the calls to one upstream: circuit, retries, budget and bulkhead, once for
/// every kind of service. It does not stand in the way of what a call brings: streamed text goes
/// from the attempt straight to its reader. A call costs it two messages, its beginning and its
/// end.
using upstream_actor =
    caf::typed_actor<caf::reacts_to<upstream_submit>, caf::reacts_to<upstream_ended>,
                     caf::reacts_to<upstream_cancel>, caf::reacts_to<upstream_reset>,
                     caf::reacts_to<upstream_tick>>;

/// Tells the supervisor how an attempt ended. To be called once; any thread.
class attempt_told {
  public:
    attempt_told(upstream_actor to, std::uint64_t call, std::uint32_t attempt)
        : to_(std::move(to)), call_(call), attempt_(attempt) {}
    void operator()(attempt_end how) const;

  private:
    upstream_actor to_;
    std::uint64_t call_;
    std::uint32_t attempt_;
};

/// One call to an upstream, with all its attempts. The supervisor calls it, never two at once; what
/// an attempt brings goes its own way.
class upstream_work {
  public:
    upstream_work();
    virtual ~upstream_work() = default;
    upstream_work(const upstream_work&) = delete;
    upstream_work& operator=(const upstream_work&) = delete;

    /// Begins an attempt, the first is 1. Must not block; what it throws is a failed attempt.
    virtual void begin(std::uint32_t attempt, attempt_told told) = 0;
    /// Ends the attempt under way; it need not tell any more.
    virtual void cut() = 0;
    /// The call is over and did not succeed. Once, and never after a success or a cancel.
    virtual void refused(const call_refusal& why) = 0;

    /// Unique in the program.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  private:
    std::uint64_t number_;
};

/// What operators are told of an upstream, for logs and metrics.
struct upstream_event {
    enum class kind { attempt_ended, retry, refused, circuit_changed } what;
    std::string_view key;
    /// Of an attempt that failed.
    std::optional<error_category> category = {};
    /// Of a retry: the attempt that begins.
    std::uint32_t attempt = 0;
    std::optional<refusal_reason> why = {};
    circuit_state circuit = circuit_state::closed;
    /// As they stand when this is told.
    std::size_t in_flight = 0;
    std::size_t waiting = 0;
};

struct upstream_parts {
    /// Such as `model:gpt-4o-mini`.
    std::string key;
    upstream_settings settings = {};
    std::shared_ptr<entropy> chance;
    std::shared_ptr<const wall_clock> clock;
    std::shared_ptr<circuit_board> circuits;
    /// Called within the supervisor; may be null.
    std::function<void(const upstream_event&)> observer = {};
};

/// When it ends, whatever the reason, calls that are open are cut and refused.
[[nodiscard]] upstream_actor spawn_upstream(caf::actor_system& system,
                                            std::shared_ptr<const upstream_parts> parts);

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::upstream_submit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::upstream_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::upstream_cancel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::upstream_reset)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::upstream_tick)
