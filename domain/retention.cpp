#include "domain/retention.hpp"

namespace perin {

const char* to_string(prunable what) noexcept {
    switch (what) {
        case prunable::conversations:
            return "conversations";
        case prunable::workflows:
            return "workflows";
        case prunable::effects:
            return "effects";
        case prunable::bookings:
            return "bookings";
        case prunable::links:
            return "links";
        case prunable::negotiations:
            return "negotiations";
        case prunable::notifications:
            return "notifications";
        case prunable::tokens:
            return "tokens";
        case prunable::tool_results:
            return "tool_results";
        case prunable::claims:
            return "claims";
        case prunable::sessions:
            return "sessions";
    }
    return "";
}

}  // namespace perin
