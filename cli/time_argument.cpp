#include "cli/time_argument.hpp"

namespace perin::cli {

namespace {

result<meant_time> decided(std::string_view option, const heard_time& heard,
                           const std::string& timezone) {
    if (const auto* meant = std::get_if<meant_time>(&heard)) return *meant;
    const auto name = std::string(option) + ": ";
    if (const auto* why = std::get_if<failure>(&heard))
        return failure{why->code, name + why->detail};
    const auto& asked = std::get<time_question>(heard);
    auto detail = name + asked.question;
    for (const auto& each : asked.choices) detail += "\n  " + to_rfc3339(each.start, timezone);
    return failure{error_code::invalid_request, std::move(detail)};
}

}  // namespace

result<meant_time> read_time(std::string_view option, std::string_view text, timestamp now,
                             const std::string& timezone) {
    return decided(option, hear_time(text, now, timezone), timezone);
}

result<meant_time> read_end_time(std::string_view option, std::string_view text, timestamp start,
                                 const std::string& timezone) {
    return decided(option, hear_new_time(text, start, timezone, start), timezone);
}

}  // namespace perin::cli
