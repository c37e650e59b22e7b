#include "domain/model.hpp"

namespace perin {

const char* to_string(chat_role role) noexcept {
    switch (role) {
        case chat_role::system:
            return "system";
        case chat_role::user:
            return "user";
        case chat_role::assistant:
            return "assistant";
        case chat_role::tool:
            return "tool";
    }
    return "user";
}

const char* to_string(error_category category) noexcept {
    switch (category) {
        case error_category::rate_limit:
            return "RATE_LIMIT";
        case error_category::timeout:
            return "TIMEOUT";
        case error_category::authentication:
            return "AUTHENTICATION";
        case error_category::context_too_large:
            return "CONTEXT_TOO_LARGE";
        case error_category::quota:
            return "QUOTA";
        case error_category::rejected:
            return "REJECTED";
        case error_category::unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

}  // namespace perin
