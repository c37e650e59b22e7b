#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perin::runtime {

/// An actor as `GET /actors` shows it (protocol, admin listener).
struct actor_report {
    std::string name;
    /// `running`, `restarting`, `stopping`, `finished`, `given_up`, or `silent`: it did not answer
    /// in time, because it is busy or stuck.
    std::string state = "running";
    std::uint64_t restarts = 0;
    /// Empty where there was none.
    std::string last_error = {};
    /// Messages that wait for it; nothing where it did not tell.
    std::optional<std::uint64_t> mailbox = {};
    std::vector<actor_report> children = {};
    /// Children that are not listed, of very many.
    std::size_t more = 0;
};

/// Asks for the tree from here down. Children that do not answer `within` are shown as silent.
struct describe_actors {
    std::chrono::milliseconds within{1'000};
    /// Of one supervisor; the rest are counted.
    std::size_t most_children = 200;
};

/// The protocol's JSON; `lastError` and `mailbox` are null where there is none. `more` is left out
/// where all children are listed.
[[nodiscard]] nlohmann::json to_json(const actor_report& report);

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::describe_actors)
