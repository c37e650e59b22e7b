#include "net/http_client/http_exchange.hpp"

namespace perin::net {

std::optional<std::string_view> http_response_head::header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
        if (known == name) return value;
    }
    return std::nullopt;
}

}  // namespace perin::net
