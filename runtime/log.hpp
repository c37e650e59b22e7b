#pragma once

#include <string>
#include <string_view>

namespace perin::runtime {

enum class log_level { debug, info, warning, error };

/// Lines below this are not written. Before other threads start.
void set_log_level(std::string_view name);

/// Writes a line to standard error: the time, the level, a stable id of the event and a sentence.
/// Neither secrets nor what people say belong in it. Thread-safe.
void log(log_level level, std::string_view event_id, const std::string& sentence);

}  // namespace perin::runtime
