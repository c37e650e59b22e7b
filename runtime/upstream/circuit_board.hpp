#pragma once

#include "runtime/upstream/circuit_breaker.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace perin::runtime {

/// The circuits of all upstreams that were used, where everyone may look at them (`GET /circuits`,
/// health) without asking an actor. Thread-safe.
class circuit_board {
  public:
    /// A circuit was used or has changed. `reset` asks whoever owns it to close it; it outlives the
    /// entry.
    void show(const std::string& key, circuit_report now_is, std::function<void()> reset);
    /// In the order of their keys.
    [[nodiscard]] std::vector<circuit_report> all() const;
    /// Closed where it was never used.
    [[nodiscard]] circuit_state state_of(const std::string& key) const;
    /// Asks for the circuit to be closed; false where there is none of that key.
    bool reset(const std::string& key);
    void reset_all();

  private:
    struct entry {
        circuit_report report;
        std::function<void()> reset;
    };
    /// Shown closed at once: whoever asked for it may look at once.
    static void close(entry& one);

    mutable std::mutex mutex_;
    std::map<std::string, entry> entries_;
};

}  // namespace perin::runtime
