#pragma once

#include <string>

namespace perin::runtime {

/// Names the point at which the process kills itself (`PERIN_CRASH_AT`): a name, or `name:n` for
/// the n-th time that it is reached. Before the actors start.
void arm_crash_point(const std::string& where);

/// Kills the process where `arm_crash_point` named this point. Any thread.
void reach_crash_point(const char* name);

/// A place at which a crash must harm nothing. Nothing at all in a release build.
inline void crash_point([[maybe_unused]] const char* name) {
#ifdef PERIN_CRASH_POINTS
    reach_crash_point(name);
#endif
}

}  // namespace perin::runtime
