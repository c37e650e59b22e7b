#include "persistence/tool_effects.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

std::string text_of(row& from) { return from.take_text(0); }

}  // namespace

result<std::optional<std::string>> tool_effect_repository::find(const std::string& turn_id,
                                                                const std::string& call_id) {
    return decode_first<std::string>(
        on_.execute("SELECT result FROM tool_effects WHERE turn_id = $1 AND call_id = $2",
                    {turn_id, call_id}),
        text_of);
}

result<void> tool_effect_repository::insert(const std::string& turn_id, const std::string& call_id,
                                            const std::string& outcome, timestamp at) {
    return done(on_.execute(
        "INSERT INTO tool_effects (turn_id, call_id, result, at) VALUES ($1, $2, $3, $4)",
        {turn_id, call_id, outcome, column(at)}));
}

result<void> tool_effect_repository::remove_of_turn(const std::string& turn_id) {
    return done(on_.execute("DELETE FROM tool_effects WHERE turn_id = $1", {turn_id}));
}

}  // namespace perin::persistence
