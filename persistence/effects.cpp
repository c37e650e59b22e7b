#include "persistence/effects.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

#include <array>
#include <utility>

namespace perin::persistence {

namespace {

constexpr std::array<std::pair<effect_state, std::string_view>, 5> states = {{
    {effect_state::intended, "intended"},
    {effect_state::completed, "completed"},
    {effect_state::failed, "failed"},
    {effect_state::unknown, "unknown"},
    {effect_state::reconciled, "reconciled"},
}};

effect_state state_of(const std::string& name) {
    for (const auto& [state, each] : states) {
        if (each == name) return state;
    }
    throw unreadable_row("an effect is in an unknown state");
}

effect_row effect_of(row& from) {
    return {.id = from.take_text(0),
            .subject = from.take_text(1),
            .step_id = from.take_text(2),
            .user_id = from.take_text(3),
            .kind = from.take_text(4),
            .idempotency_key = from.take_text(5),
            .request = from.take_text(6),
            .state = state_of(from.text(7)),
            .outcome = optional_text_column(from, 8),
            .attempts = number_column(from, 9),
            .created_at = time_column(from, 10),
            .updated_at = time_column(from, 11)};
}

bool same_intention(const effect_row& a, const effect_row& b) {
    return a.subject == b.subject && a.step_id == b.step_id && a.kind == b.kind &&
           a.request == b.request;
}

failure settled_already() {
    return {error_code::conflict, "the effect is not in a state that allows this"};
}

}  // namespace

std::string_view to_string(effect_state state) noexcept {
    for (const auto& [each, name] : states) {
        if (each == state) return name;
    }
    return {};
}

result<intended_effect> effect_repository::intend(const effect_row& fresh) {
    // Nothing fails where the key is there, so that a transaction goes on.
    const auto written = on_.execute(
        "INSERT INTO effects (id, subject, step_id, user_id, kind, idempotency_key, request, "
        "state, attempts, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, 'intended', 1, $8, $8) "
        "ON CONFLICT (idempotency_key) DO NOTHING",
        {fresh.id, fresh.subject, fresh.step_id, fresh.user_id, fresh.kind, fresh.idempotency_key,
         fresh.request, column(fresh.created_at)});
    if (!written) return written.error();
    const bool is_fresh = on_.changed() > 0;
    auto there = find_by_key(fresh.idempotency_key);
    if (!there) return there.error();
    if (!*there) return settled_already();
    if (!is_fresh && !same_intention(**there, fresh)) {
        return failure{error_code::conflict, "the idempotency key was used for another effect"};
    }
    return intended_effect{std::move(**there), is_fresh};
}

result<std::optional<effect_row>> effect_repository::find(const std::string& id) {
    return decode_first<effect_row>(
        on_.execute("SELECT id, subject, step_id, user_id, kind, idempotency_key, request, state, "
                    "outcome, attempts, created_at, updated_at FROM effects WHERE id = $1",
                    {id}),
        effect_of);
}

result<std::optional<effect_row>> effect_repository::find_by_key(const std::string& key) {
    return decode_first<effect_row>(
        on_.execute("SELECT id, subject, step_id, user_id, kind, idempotency_key, request, state, "
                    "outcome, attempts, created_at, updated_at FROM effects "
                    "WHERE idempotency_key = $1",
                    {key}),
        effect_of);
}

result<void> effect_repository::complete(const std::string& id, const std::string& outcome,
                                         timestamp at) {
    return done_or(on_,
                   on_.execute("UPDATE effects SET state = 'completed', outcome = $2, "
                               "updated_at = $3 WHERE id = $1 AND state = 'intended'",
                               {id, outcome, column(at)}),
                   settled_already());
}

result<void> effect_repository::fail(const std::string& id, const std::string& outcome,
                                     timestamp at) {
    return done_or(on_,
                   on_.execute("UPDATE effects SET state = 'failed', outcome = $2, "
                               "updated_at = $3 WHERE id = $1 AND state = 'intended'",
                               {id, outcome, column(at)}),
                   settled_already());
}

result<void> effect_repository::mark_unknown(const std::string& id, timestamp at) {
    return done_or(on_,
                   on_.execute("UPDATE effects SET state = 'unknown', updated_at = $2 "
                               "WHERE id = $1 AND state = 'intended'",
                               {id, column(at)}),
                   settled_already());
}

result<void> effect_repository::reconcile(const std::string& id, const std::string& outcome,
                                          timestamp at) {
    return done_or(on_,
                   on_.execute("UPDATE effects SET state = 'reconciled', outcome = $2, "
                               "updated_at = $3 WHERE id = $1 AND state = 'unknown'",
                               {id, outcome, column(at)}),
                   settled_already());
}

result<std::uint64_t> effect_repository::try_again(const std::string& id, std::uint64_t attempts,
                                                   timestamp at) {
    const auto changed = on_.execute(
        "UPDATE effects SET state = 'intended', outcome = NULL, attempts = attempts + 1, "
        "updated_at = $3 WHERE id = $1 AND attempts = $2 AND state IN ('failed', 'unknown')",
        {id, column(attempts), column(at)});
    if (!changed) return changed.error();
    if (on_.changed() == 0) return settled_already();
    return attempts + 1;
}

result<std::vector<effect_row>> effect_repository::unsettled(std::size_t limit,
                                                             const std::string& after_id) {
    return decode_all<effect_row>(
        on_.execute("SELECT id, subject, step_id, user_id, kind, idempotency_key, request, state, "
                    "outcome, attempts, created_at, updated_at FROM effects "
                    "WHERE state IN ('intended', 'unknown') AND id > $1 ORDER BY id LIMIT $2",
                    {after_id, column(limit)}),
        effect_of);
}

result<std::vector<effect_row>> effect_repository::of(const std::string& subject) {
    return decode_all<effect_row>(
        on_.execute("SELECT id, subject, step_id, user_id, kind, idempotency_key, request, state, "
                    "outcome, attempts, created_at, updated_at FROM effects "
                    "WHERE subject = $1 ORDER BY id",
                    {subject}),
        effect_of);
}

}  // namespace perin::persistence
