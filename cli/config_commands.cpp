#include "cli/config_commands.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace perin::cli {

void show_configuration(const runtime::configuration& configuration, console& at, bool json) {
    auto all = nlohmann::ordered_json::object();
    constexpr auto replace = nlohmann::json::error_handler_t::replace;
    for (const auto& [name, key, value, source] : configuration.shown) {
        const nlohmann::ordered_json text = value;
        if (json) {
            all[key] = {{"name", name}, {"value", text}, {"source", to_string(source)}};
        } else {
            at.out() << key << " = " << text.dump(-1, ' ', false, replace) << "  # "
                     << to_string(source) << '\n';
        }
    }
    if (json) at.out() << all.dump(-1, ' ', false, replace) << '\n';
}

}  // namespace perin::cli
