#include "net/http_client/http_exchange.hpp"

namespace perin::net {

std::optional<std::string_view> http_response_head::header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
        if (known == name) return value;
    }
    return std::nullopt;
}

const char* to_string(http_error error) noexcept {
    switch (error) {
        case http_error::connect:
            return "connect";
        case http_error::connect_timeout:
            return "connect_timeout";
        case http_error::first_byte_timeout:
            return "first_byte_timeout";
        case http_error::idle_timeout:
            return "idle_timeout";
        case http_error::total_timeout:
            return "total_timeout";
        case http_error::reset:
            return "reset";
        case http_error::too_large:
            return "too_large";
        case http_error::tls:
            return "tls";
        case http_error::malformed:
            return "malformed";
        case http_error::cancelled:
            return "cancelled";
        case http_error::overloaded:
            return "overloaded";
    }
    return "unknown";
}

}  // namespace perin::net
