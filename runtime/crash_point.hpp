#pragma once

#include <string>

namespace perin::runtime {

/// Names the point at which the process kills itself (`PERIN_CRASH_AT`): a name, or `name:n` for
/// the n-th time that it is reached. `@file`: what the file says when a point is reached, so that a
/// process can be armed while it runs; a file that is put in its place is counted from there on,
/// and one that says `?` kills nobody, but has every point that is reached written to
/// `file.reached`, a line each. Before the actors start.
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
