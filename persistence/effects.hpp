#pragma once

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

/// How far an effect on the outside has come.
///
///     intended ──► completed
///      ▲  │ ▲ └──► failed ──┐
///      │  ▼ └───────────────┘ try_again
///      │ unknown ──► reconciled
///      └────┘ try_again
///
/// `unknown`: it was sent, and no answer came. Whoever reads back then writes `reconciled` where it
/// has happened, or tries again where it has not. An effect that is `intended` at start was cut off
/// by a crash and is as unknown.
enum class effect_state { intended, completed, failed, unknown, reconciled };

/// The name in the table.
[[nodiscard]] std::string_view to_string(effect_state state) noexcept;

struct effect_row {
    std::string id;
    /// The stream of the workflow, or the id of the turn.
    std::string subject;
    /// The step, or the tool's call.
    std::string step_id;
    /// Whose it is; empty for nobody's.
    std::string user_id;
    /// Such as `calendar.create`.
    std::string kind;
    std::string idempotency_key;
    /// What is asked of the outside, as JSON text.
    std::string request;
    effect_state state = effect_state::intended;
    /// What came of it, as JSON text.
    std::optional<std::string> outcome = {};
    std::uint64_t attempts = 1;
    timestamp created_at = {};
    timestamp updated_at = {};
    friend bool operator==(const effect_row&, const effect_row&) = default;
};

struct intended_effect {
    effect_row effect;
    /// False: the key was there, and this is its row.
    bool fresh = false;
};

/// The ledger of effects on the outside: a row is written before anything is sent. The changes of
/// state are `conflict` where the row is not in a state that allows them, or is not there: somebody
/// else has settled it. No method begins a transaction.
class effect_repository {
  public:
    explicit effect_repository(database& on) noexcept : on_(on) {}

    /// Writes the intention, with `attempts` 1; or gives the row of the same key, whatever has
    /// become of it. `conflict` where that key was used for another kind, step or request.
    result<intended_effect> intend(const effect_row& fresh);

    [[nodiscard]] result<std::optional<effect_row>> find(const std::string& id);

    /// An answer came: it is done.
    result<void> complete(const std::string& id, const std::string& outcome, timestamp at);

    /// An answer came, or nothing was sent: it has not happened.
    result<void> fail(const std::string& id, const std::string& outcome, timestamp at);

    /// Nobody can tell yet.
    result<void> mark_unknown(const std::string& id, timestamp at);

    /// It was unknown, and reading back found that it has happened.
    result<void> reconcile(const std::string& id, const std::string& outcome, timestamp at);

    /// It has not happened and is tried again; `attempts` is the number the row has now, so that of
    /// two only one tries. Answers the number of the new attempt.
    result<std::uint64_t> try_again(const std::string& id, std::uint64_t attempts, timestamp at);

    /// Up to `limit` effects that are intended or unknown, by id, after a given one (empty: from
    /// the first).
    [[nodiscard]] result<std::vector<effect_row>> unsettled(std::size_t limit,
                                                            const std::string& after_id);

    /// All of a workflow or a turn, by id.
    [[nodiscard]] result<std::vector<effect_row>> of(const std::string& subject);

  private:
    result<std::optional<effect_row>> find_by_key(const std::string& key);

    database& on_;
};

}  // namespace perin::persistence
