#include "tests/crash/appender_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace perin::test {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::minutes longest_wait{1};

struct pipe_ends {
    int read = -1;
    int write = -1;
};

pipe_ends open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return {ends[0], ends[1]};
}

}  // namespace

appender_process::appender_process(const persistence::database_location& at, std::uint64_t run,
                                   std::size_t streams)
    : versions_(streams, 0) {
    // Writing to one that has died is an error, no signal.
    std::signal(SIGPIPE, SIG_IGN);
    const auto to = open_pipe();
    const auto from = open_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to.read, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, from.write, STDOUT_FILENO);
    std::array words = {
        std::string(PERIN_CRASH_APPENDER), std::string(at.embedded() ? "--file" : "--url"),
        at.embedded() ? at.file : at.url, std::to_string(run), std::to_string(streams)};
    std::array<char*, words.size() + 1> pointers{};
    std::transform(words.begin(), words.end(), pointers.begin(),
                   [](auto& word) { return word.data(); });
    const int failed =
        ::posix_spawn(&process_, words[0].c_str(), &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(to.read);
    ::close(from.write);
    input_ = to.write;
    output_ = from.read;
    if (failed != 0) throw std::runtime_error("crash_appender does not start");
}

appender_process::~appender_process() {
    if (process_ > 0) {
        ::kill(process_, SIGKILL);
        static_cast<void>(wait());
    }
    if (input_ >= 0) ::close(input_);
    ::close(output_);
}

int appender_process::wait() {
    int how = 0;
    while (::waitpid(process_, &how, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

appender_process::heard appender_process::hear(std::chrono::nanoseconds patience) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    const timespec time{seconds.count(), (patience - seconds).count()};
    pollfd watched{output_, POLLIN, 0};
    if (::ppoll(&watched, 1, &time, nullptr) <= 0) return heard::nothing;
    std::array<char, 16 * sizeof(appender_word)> octets{};
    const auto size = ::read(output_, octets.data(), octets.size());
    if (size <= 0) return heard::end;
    rest_.append(octets.data(), static_cast<std::size_t>(size));
    std::size_t at = 0;
    for (; rest_.size() - at >= sizeof(appender_word); at += sizeof(appender_word)) {
        appender_word word;
        std::memcpy(&word, rest_.data() + at, sizeof word);
        take(word);
    }
    rest_.erase(0, at);
    return heard::something;
}

void appender_process::take(const appender_word& word) {
    switch (word.what) {
        case appender_word::kind::acknowledged:
            ++acknowledged_;
            versions_.at(word.stream) = word.version;
            return;
        case appender_word::kind::asks_again:
            ++asked_again_;
            return;
        case appender_word::kind::wrong:
            wrong_ = true;
            return;
    }
}

void appender_process::listen(std::chrono::microseconds time) {
    const auto until = clock::now() + time;
    for (auto left = until - clock::now(); left.count() > 0; left = until - clock::now())
        if (hear(left) == heard::end) return;
}

bool appender_process::listen_until(const std::function<bool()>& holds) {
    const auto until = clock::now() + longest_wait;
    while (!holds()) {
        const auto left = until - clock::now();
        if (left.count() <= 0 || hear(left) == heard::end) return false;
    }
    return true;
}

void appender_process::kill_now() {
    ::kill(process_, SIGKILL);
    static_cast<void>(wait());
    while (hear(longest_wait) == heard::something) {
    }
}

int appender_process::finish() {
    ::close(std::exchange(input_, -1));
    while (hear(longest_wait) == heard::something) {
    }
    return wait();
}

}  // namespace perin::test
