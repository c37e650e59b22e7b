#pragma once

#include <functional>
#include <string>

namespace perin::test {

/// Runs `what` in a child process, for what must not befall this one, and gives what it returned.
/// To be called where this process has one thread. A child that dies says how.
[[nodiscard]] std::string in_child(const std::function<std::string()>& what);

/// A child process that does `begin` and then nothing until the object goes.
class holding_child {
  public:
    /// Returns once `begin` is done; throws where that returns false.
    explicit holding_child(const std::function<bool()>& begin);
    holding_child(const holding_child&) = delete;
    holding_child& operator=(const holding_child&) = delete;
    ~holding_child();

  private:
    int process_ = -1;
    /// The child ends with it.
    int life_ = -1;
};

}  // namespace perin::test
