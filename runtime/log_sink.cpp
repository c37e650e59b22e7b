#include "runtime/log_sink.hpp"

#include "runtime/metrics.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace perin::runtime {

patient_sink::patient_sink(int descriptor, std::chrono::milliseconds patience,
                           std::function<std::string(std::uint64_t)> recovered)
    : descriptor_(descriptor), patience_(patience), recovered_(std::move(recovered)) {}

bool patient_sink::takes(std::chrono::milliseconds within) const {
    pollfd one{descriptor_, POLLOUT, 0};
    const auto until = std::chrono::steady_clock::now() + within;
    for (auto left = within;;) {
        const auto ready = ::poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return (one.revents & POLLOUT) != 0;
        if (ready == 0 || errno != EINTR) return false;
        left = std::max(std::chrono::milliseconds{0},
                        std::chrono::duration_cast<std::chrono::milliseconds>(
                            until - std::chrono::steady_clock::now()));
    }
}

bool patient_sink::put(const char* data, std::size_t size) const {
    while (size > 0) {
        const auto written = ::write(descriptor_, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        data += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

void patient_sink::sink_it_(const spdlog::details::log_msg& message) {
    const auto flows = takes(stuck_ ? std::chrono::milliseconds{0} : patience_);
    stuck_ = !flows;
    if (flows && dropped_ > 0) {
        const auto line = recovered_(dropped_);
        if (put(line.data(), line.size())) dropped_ = 0;
    }
    spdlog::memory_buf_t line;
    if (flows) formatter_->format(message, line);
    if (flows && put(line.data(), line.size())) return;
    ++dropped_;
    meters().log_lines_dropped.add();
}

}  // namespace perin::runtime
