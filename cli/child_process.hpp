#pragma once

#include "domain/result.hpp"

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace perin::cli {

/// A file in memory, for what a program writes: it never waits for a reader.
class memory_file {
  public:
    /// Throws `std::system_error` where the system gives none.
    memory_file();
    memory_file(memory_file&& other) noexcept;
    memory_file& operator=(memory_file&&) = delete;
    ~memory_file();

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    /// The first `most` bytes of it.
    [[nodiscard]] std::string content(std::size_t most) const;

  private:
    int descriptor_;
};

/// Another program to be run.
struct child_call {
    /// Looked for in `PATH`.
    std::string program;
    std::vector<std::string> arguments = {};
    /// Over the variables of this program.
    std::map<std::string, std::string> environment = {};
    /// Descriptors; without one there is nothing to read, and what is written goes nowhere.
    int input = -1;
    int output = -1;
};

struct child_end {
    /// The exit code, or 128 and the number of the signal that ended it.
    int code = 0;
    /// What it wrote to standard error, up to 16 KiB.
    std::string complaint;
};

/// A program that runs. It ends with this one, however this one ends.
class child_process {
  public:
    /// `not_found` where there is no such program.
    [[nodiscard]] static result<child_process> start(const child_call& what);

    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&&) = delete;
    /// Ends it where nobody waited for it.
    ~child_process();

    /// Waits until it has ended. At most once.
    [[nodiscard]] child_end wait();

  private:
    child_process(pid_t id, memory_file errors) noexcept : id_(id), errors_(std::move(errors)) {}

    pid_t id_;
    memory_file errors_;
};

/// Starts it and waits.
[[nodiscard]] result<child_end> run_child(const child_call& what);

}  // namespace perin::cli
