#pragma once

#include "runtime/upstream/upstream.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace perin::actors {

/// Something on the database that failed and may go well later: its attempts are run where the
/// connection is, by whom its supervisor says when.
class database_work final : public runtime::upstream_work {
  public:
    /// Both are called within the supervisor and must only send a message. `run`: make an attempt
    /// and tell its end. `refuse`: there is none any more.
    database_work(std::function<void(runtime::attempt_told)> run,
                  std::function<void(const runtime::call_refusal&)> refuse)
        : run_(std::move(run)), refuse_(std::move(refuse)) {}

    void begin(std::uint32_t, runtime::attempt_told told) override { run_(std::move(told)); }
    /// A statement that was begun is not interrupted; its end tells nobody any more.
    void cut() override {}
    void refused(const runtime::call_refusal& why) override { refuse_(why); }

  private:
    std::function<void(runtime::attempt_told)> run_;
    std::function<void(const runtime::call_refusal&)> refuse_;
};

/// What an attempt tells the supervisor of its end.
[[nodiscard]] runtime::attempt_end end_of(const result<void>& attempt);

/// What those who wait are told.
[[nodiscard]] failure failure_of(const runtime::call_refusal& why);

/// Hands `work` to the supervisor. Where there is none, the work is refused.
void submit(const runtime::upstream_actor& to, std::shared_ptr<database_work> work);

/// How the calls to the database are supervised: short waits, for people look on, and a circuit
/// that probes soon, for every part of the server waits for it.
[[nodiscard]] runtime::upstream_settings database_supervision();

/// The key of that upstream.
inline constexpr auto database_upstream = "database";

}  // namespace perin::actors
