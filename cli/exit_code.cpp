#include "cli/exit_code.hpp"

namespace perin::cli {

exit_code exit_code_of(const failure& why) noexcept {
    switch (why.code) {
        case error_code::invalid_request:
            return exit_code::usage;
        case error_code::unauthenticated:
        case error_code::forbidden:
            return exit_code::refused;
        case error_code::unavailable:
        case error_code::request_timeout:
        case error_code::upstream_failed:
        case error_code::upstream_timeout:
            return exit_code::unreachable;
        case error_code::not_found:
        case error_code::method_not_allowed:
        case error_code::conflict:
        case error_code::gone:
        case error_code::too_large:
        case error_code::unsupported_media_type:
        case error_code::upgrade_required:
        case error_code::rate_limited:
        case error_code::headers_too_large:
        case error_code::internal:
            return exit_code::failed;
    }
    return exit_code::failed;
}

}  // namespace perin::cli
