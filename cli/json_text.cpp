#include "cli/json_text.hpp"

#include "domain/text.hpp"

namespace perin::cli {

using nlohmann::json;

std::string member(const json& of, const char* name) {
    const auto found = of.find(name);
    return found != of.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json items(const json& of, const char* name) {
    const auto found = of.find(name);
    return found != of.end() && found->is_array() ? *found : json::array();
}

std::string shown(const std::string& text, std::size_t longest) {
    auto line = one_line(text, longest + 1);
    if (code_points(line) <= longest) return line;
    return std::string(utf8_prefix(line, longest - 3)) + "...";
}

}  // namespace perin::cli
