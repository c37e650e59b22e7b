#pragma once

#include <nlohmann/json.hpp>

// What is precompiled instead of the library's header: the members of the one kind of JSON that is
// used here are compiled once, in json_instance.cpp, not in every file that uses them.
extern template class nlohmann::basic_json<>;
