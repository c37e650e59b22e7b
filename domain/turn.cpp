#include "domain/turn.hpp"

namespace perin {

std::string stream_of(const conversation_key& key) {
    return "conversation/" + key.user_id + "/" + key.conversation_id;
}

std::optional<busy_policy> busy_policy_of(std::string_view name) {
    if (name == "queue") return busy_policy::queue;
    if (name == "interrupt") return busy_policy::interrupt;
    if (name == "reject") return busy_policy::reject;
    return std::nullopt;
}

const char* to_string(turn_end::status status) noexcept {
    switch (status) {
        case turn_end::status::complete:
            return "complete";
        case turn_end::status::cancelled:
            return "cancelled";
        case turn_end::status::failed:
            return "failed";
    }
    return "failed";
}

}  // namespace perin
