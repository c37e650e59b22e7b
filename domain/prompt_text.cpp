#include "domain/prompt_text.hpp"

#include "domain/meant_time.hpp"
#include "domain/text.hpp"

#include <array>
#include <chrono>

namespace perin::prompt_text {

std::string json_string(std::string_view text) {
    std::string plain;
    append_json_string(plain, repaired_utf8(text));
    std::string out;
    out.reserve(plain.size());
    for (const char c : plain) {
        if (c == '<')
            out += "\\u003c";
        else if (c == '>')
            out += "\\u003e";
        else
            out += c;
    }
    return out;
}

std::string local_time(const std::string& timezone, timestamp at) {
    using namespace std::chrono;
    constexpr std::array<const char*, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};
    const auto text = to_rfc3339(at, timezone);
    const auto wall = from_rfc3339(text.substr(0, 19) + "Z").value_or(at);
    const auto* const day = weekdays[weekday{floor<days>(wall)}.c_encoding()];
    return std::string(day) + ", " + text.substr(0, 10) + ", " + text.substr(11, 5);
}

std::string zone_at(const std::string& timezone, timestamp at) {
    const auto text = to_rfc3339(at, timezone);
    return (is_timezone(timezone) ? timezone : "UTC") + ", UTC" + text.substr(text.size() - 6);
}

void append_line(std::string& out, std::string_view line) {
    out += line;
    out += '\n';
}

}  // namespace perin::prompt_text
