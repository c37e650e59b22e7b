#pragma once

#include "runtime/actors.hpp"
#include "runtime/clock.hpp"
#include "runtime/supervision/actor_slot.hpp"

#include <caf/fwd.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace perin::actors {

/// How long what is over is kept; nothing: for ever.
struct keeping_terms {
    using time = std::optional<std::chrono::milliseconds>;
    /// Since somebody touched it.
    time conversations = {};
    /// And effects of the outside that are settled.
    time workflows = {};
    /// And links and negotiations that are over.
    time bookings = {};
    /// Since it was closed.
    time notifications = {};
    /// A client that comes late with an expired token is told that it expired, not that it is none.
    time tokens = std::chrono::hours{7 * 24};
    /// Those of a turn go with its end: what is left is of turns that went otherwise.
    time tool_results = std::chrono::hours{7 * 24};
    time claims = runtime::claim_life;
    time sessions = std::chrono::milliseconds{0};

    [[nodiscard]] const time& of(prunable what) const;
};

/// One round through all that may go: what is to be looked at next, and what went. No I/O, no
/// clock.
class keeping_round {
  public:
    /// Begins anew.
    void begin(const keeping_terms& terms, timestamp now);
    /// Leaves the rest to the next round.
    void stop() { chores_.clear(); }

    [[nodiscard]] bool over() const noexcept { return chores_.empty(); }
    /// The present chore: what, before when, and from which position on. Not where it is over.
    [[nodiscard]] runtime::prune_rows next(std::size_t limit) const;
    /// The next piece of the present chore begins there; nothing: it is done.
    void go_on(std::optional<retention_position> at);
    /// So much went.
    void count(prunable what, std::size_t removed, std::size_t records);

    struct tally {
        std::size_t removed = 0;
        std::size_t records = 0;
        friend bool operator==(const tally&, const tally&) = default;
    };
    /// What went since the beginning.
    [[nodiscard]] const tally& went(prunable what) const {
        return went_[static_cast<std::size_t>(what)];
    }

  private:
    struct chore {
        prunable what;
        timestamp before;
    };
    /// The present one is the last.
    std::vector<chore> chores_;
    std::optional<retention_position> position_;
    std::array<tally, prunable_kinds> went_{};
};

struct housekeeping_settings {
    keeping_terms keep;
    /// From the end of a round to the next one.
    std::chrono::milliseconds every{3'600'000};
    /// After a start, so that it does not add to the rush.
    std::chrono::milliseconds first_after{60'000};
    /// Between two pieces, for the others who write.
    std::chrono::milliseconds pause{200};
    /// Rows that a piece looks at, and records of a conversation that go with one.
    std::size_t rows = 50;
    std::size_t records = 500;
    std::chrono::milliseconds timeout{30'000};
};

struct housekeeping_parts {
    runtime::actor_slot<runtime::store_actor> store;
    runtime::actor_slot<runtime::reader_actor> reader;
    runtime::actor_slot<runtime::conversations_actor> conversations;
    std::shared_ptr<const runtime::wall_clock> clock;
    housekeeping_settings settings;
};

/// Starts the actor that removes what has been over for long enough. One piece is under way at a
/// time. A round that fails is left, and the next one begins when it would have.
[[nodiscard]] runtime::housekeeping_actor spawn_housekeeping(caf::actor_system& system,
                                                             housekeeping_parts parts);

}  // namespace perin::actors
