#pragma once

#include <string>
#include <string_view>

namespace perin::offline {

/// What a message says of who writes it: "I'm Bob Ray, bob@ray.example".
struct said_details {
    /// At most 100 characters on one line; empty where none is said.
    std::string name = {};
    /// Fit for a booking; empty where none is said.
    std::string email = {};
    /// Something was meant as an address and is none.
    bool unusable_email = false;
    /// The message without both.
    std::string rest = {};
};

/// Reads the first 2,000 bytes. `name_asked`: the name was asked for just before, so a few words
/// that are nothing else are one.
[[nodiscard]] said_details read_details(std::string_view text, bool name_asked);

}  // namespace perin::offline
