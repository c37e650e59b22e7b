#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

namespace perin::runtime {

/// Writes whole lines to a descriptor, and never waits long for a slow reader.
///
///     flowing ──nothing taken for `patience`──► stuck: lines are dropped, none waits
///        ▲                                        │
///        └── `recovered(dropped)` ◄── it takes ───┘
///
/// A line must be no longer than a pipe takes at once (4,096 octets, `PIPE_BUF`).
class patient_sink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    /// `recovered`: called with the number of lines that were dropped, and gives a line to write
    /// in their place.
    patient_sink(int descriptor, std::chrono::milliseconds patience,
                 std::function<std::string(std::uint64_t dropped)> recovered);

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

  private:
    [[nodiscard]] bool takes(std::chrono::milliseconds within) const;
    /// `false`: nothing, or not all, was taken.
    bool put(const char* data, std::size_t size) const;

    int descriptor_;
    std::chrono::milliseconds patience_;
    std::function<std::string(std::uint64_t)> recovered_;
    bool stuck_ = false;
    std::uint64_t dropped_ = 0;
};

}  // namespace perin::runtime
