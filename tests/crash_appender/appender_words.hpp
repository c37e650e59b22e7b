#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// What the program `crash_appender` and the tests that kill it have in common.
namespace perin::test {

/// One thing that the appender says on its standard output. The kernel writes it whole or not at
/// all (POSIX, write, PIPE_BUF).
struct appender_word {
    enum class kind : std::uint32_t {
        /// A batch is in the stream, which is at `version` with it.
        acknowledged,
        /// The store did not do it, and is asked again.
        asks_again,
        /// What the appender cannot explain: it ends.
        wrong,
    };
    kind what = kind::acknowledged;
    std::uint32_t stream = 0;
    std::uint64_t version = 0;
};
static_assert(sizeof(appender_word) == 16);

/// Every second stream has a row of its own, which is kept in step.
[[nodiscard]] inline bool has_row(std::size_t stream) { return stream % 2 == 1; }

[[nodiscard]] inline std::string stream_name(std::size_t stream) {
    return "crash:" + std::to_string(stream);
}

}  // namespace perin::test
