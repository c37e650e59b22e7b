#pragma once

#include "cli/backup_commands.hpp"
#include "persistence/database_check.hpp"
#include "tests/cli/data_place.hpp"

#include <string>

namespace perin::cli {

/// Of `data_place::fill`.
inline constexpr auto everybody = "ada@example.com bob@example.com";

/// Everything there is, and a backup of it; then somebody else comes.
struct backed_up : data_place {
    explicit backed_up(const std::string& driver) : data_place(driver) {
        fill();
        REQUIRE(run(backup_command{file}) == exit_code::done);
        add_user("eve");
    }

    std::string file = path("backup");
    const std::string later = everybody + std::string(" eve@example.com");
};

inline bool is_whole(const data_place& place) {
    const auto on = place.open();
    const auto storage = persistence::check_storage(*on);
    const auto consistency = persistence::check_consistency(*on);
    return storage && storage->empty() && consistency && consistency->empty();
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace perin::cli
