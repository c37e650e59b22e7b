#include "domain/approval.hpp"

namespace perin {

const char* to_string(approval_policy policy) noexcept {
    switch (policy) {
        case approval_policy::never:
            return "never";
        case approval_policy::external:
            return "external";
        case approval_policy::always:
            return "always";
    }
    return "never";
}

result<approval_rule> approval_rule_of(std::string_view text) {
    const auto equals = text.find('=');
    const auto word = equals == std::string_view::npos ? text : text.substr(equals + 1);
    if (equals != std::string_view::npos && equals > 0)
        for (const auto each :
             {approval_policy::never, approval_policy::external, approval_policy::always})
            if (word == to_string(each))
                return approval_rule{std::string(text.substr(0, equals)), each};
    return failure{error_code::invalid_request,
                   "must be TOOL=always, TOOL=external or TOOL=never, separated by commas, not " +
                       std::string(text)};
}

}  // namespace perin
