#include "runtime/log.hpp"

#include "domain/time.hpp"
#include "runtime/clock.hpp"

#include <array>
#include <atomic>
#include <cstdio>

namespace perin::runtime {

namespace {

constexpr std::array names{"debug", "info", "warning", "error"};
std::atomic<log_level> lowest = log_level::info;

}  // namespace

void set_log_level(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) lowest = static_cast<log_level>(i);
}

void log(log_level level, std::string_view event_id, const std::string& sentence) {
    if (level < lowest) return;
    std::string line = to_rfc3339(system_clock{}.now());
    line.append(" ").append(names[static_cast<std::size_t>(level)]);
    line.append(" ").append(event_id).append(" ").append(sentence).append("\n");
    // One call a line: lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace perin::runtime
