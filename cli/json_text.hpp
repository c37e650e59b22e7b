#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace perin::cli {

/// A text of an answer; empty where there is none of that name.
[[nodiscard]] std::string member(const nlohmann::json& of, const char* name);

/// A list of an answer; empty where there is none of that name.
[[nodiscard]] nlohmann::json items(const nlohmann::json& of, const char* name);

/// What somebody wrote, on one line of a terminal and harmless to it; "..." where it is cut.
[[nodiscard]] std::string shown(const std::string& text, std::size_t longest = 60);

}  // namespace perin::cli
