#pragma once

#include "persistence/open_database.hpp"
#include "tests/crash_appender/appender_words.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace perin::test {

/// The program `crash_appender`, and what it has said so far. It does not outlive the object.
class appender_process {
  public:
    appender_process(const persistence::database_location& at, std::uint64_t run,
                     std::size_t streams);
    appender_process(const appender_process&) = delete;
    appender_process& operator=(const appender_process&) = delete;
    ~appender_process();

    /// Takes in what it says for so long.
    void listen(std::chrono::microseconds time);
    /// Takes in what it says until `holds`; false: it ended, or that took longer than a minute.
    [[nodiscard]] bool listen_until(const std::function<bool()>& holds);
    /// As `kill -9`; what it said by then is taken in.
    void kill_now();
    /// Tells it to end; its exit code, or -1 where it was ended by a signal.
    [[nodiscard]] int finish();

    /// The newest version of each stream that was acknowledged, 0 where none was.
    [[nodiscard]] const std::vector<std::uint64_t>& versions() const noexcept { return versions_; }
    [[nodiscard]] std::size_t acknowledged() const noexcept { return acknowledged_; }
    /// Batches that the store did not do at first.
    [[nodiscard]] std::size_t asked_again() const noexcept { return asked_again_; }
    /// It met what cannot be.
    [[nodiscard]] bool wrong() const noexcept { return wrong_; }

  private:
    enum class heard { something, nothing, end };
    [[nodiscard]] heard hear(std::chrono::nanoseconds patience);
    void take(const appender_word& word);
    int wait();

    pid_t process_ = -1;
    int input_ = -1;
    int output_ = -1;
    /// The first octets of a word whose rest has not come.
    std::string rest_;
    std::vector<std::uint64_t> versions_;
    std::size_t acknowledged_ = 0;
    std::size_t asked_again_ = 0;
    bool wrong_ = false;
};

}  // namespace perin::test
