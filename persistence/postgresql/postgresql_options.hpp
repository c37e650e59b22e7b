#pragma once

#include "domain/result.hpp"

#include <chrono>
#include <string>

namespace perin::persistence {

enum class postgresql_mode { read_write, read_only };

/// How to connect.
struct postgresql_options {
    /// For libpq, in its form `name='value' ...`
    /// (https://www.postgresql.org/docs/15/libpq-connect.html). Holds the password.
    std::string text = {};
    /// For each address that the host has; 0 is no limit.
    std::chrono::milliseconds connect_timeout = {};
};

/// What the URL says (not what libpq finds in the environment where ours is set), and where it says
/// nothing: connecting within 2 s, a statement within 30 s, a
/// lock within 10 s, a transaction that rests for at most 60 s, a dead network found within 30 s,
/// times in UTC, and the name `perin`. Texts are UTF-8 whatever the URL says: ours are.
/// `invalid_request` where it is no URL of a PostgreSQL database.
[[nodiscard]] result<postgresql_options> postgresql_options_of(const std::string& url,
                                                               postgresql_mode mode);

}  // namespace perin::persistence
