#include "domain/integration.hpp"

namespace perin {

const char* to_string(integration_status status) noexcept {
    switch (status) {
        case integration_status::connected:
            return "connected";
        case integration_status::needs_reconnect:
            return "needs_reconnect";
    }
    return "needs_reconnect";
}

std::optional<integration_status> integration_status_of(std::string_view word) {
    for (const auto status : {integration_status::connected, integration_status::needs_reconnect}) {
        if (word == to_string(status)) return status;
    }
    return std::nullopt;
}

}  // namespace perin
