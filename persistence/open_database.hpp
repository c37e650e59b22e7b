#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <memory>
#include <string>

namespace perin::persistence {

/// Where the data are.
struct database_location {
    /// `postgresql://...`; empty: the embedded database.
    std::string url = {};
    /// Of the embedded database.
    std::string file = {};

    [[nodiscard]] bool embedded() const noexcept { return url.empty(); }
};

enum class access_mode { read_write, read_only };

/// A connection of the driver that the location asks for. The embedded database's file is made
/// where there is none; a server's database has to be there.
[[nodiscard]] result<std::unique_ptr<database>> open_database(
    const database_location& at, access_mode mode = access_mode::read_write);

}  // namespace perin::persistence
