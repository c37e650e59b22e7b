#include "runtime/log_sink.hpp"

#include <catch2/catch.hpp>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

/// A pipe whose reader the test is.
struct pipe_end {
    int reader = -1;
    int writer = -1;

    pipe_end() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reader = ends[0];
        writer = ends[1];
        REQUIRE(::fcntl(reader, F_SETFL, O_NONBLOCK) == 0);
    }
    ~pipe_end() {
        if (reader >= 0) ::close(reader);
        ::close(writer);
    }
    pipe_end(const pipe_end&) = delete;
    pipe_end& operator=(const pipe_end&) = delete;

    /// All that is in it.
    [[nodiscard]] std::string drain() const {
        std::string out;
        std::array<char, 4096> piece{};
        for (;;) {
            const auto size = ::read(reader, piece.data(), piece.size());
            if (size <= 0) return out;
            out.append(piece.data(), static_cast<std::size_t>(size));
        }
    }
};

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

spdlog::logger logger_to(int descriptor, std::chrono::milliseconds patience) {
    auto sink = std::make_shared<patient_sink>(descriptor, patience, [](std::uint64_t dropped) {
        return "dropped " + std::to_string(dropped) + "\n";
    });
    spdlog::logger out("test", std::move(sink));
    out.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
    return out;
}

}  // namespace

TEST_CASE("a line is with the kernel when the call returns") {
    pipe_end pipe;
    auto log = logger_to(pipe.writer, 100ms);
    log.info("one");
    CHECK(pipe.drain() == "one\n");
    log.info("two");
    log.info("three");
    CHECK(pipe.drain() == "two\nthree\n");
}

TEST_CASE("a reader that stands still costs one wait, and is told what it missed") {
    pipe_end pipe;
    auto log = logger_to(pipe.writer, 20ms);
    const std::string line(1'000, 'x');
    constexpr std::size_t sent = 2'000;
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < sent; ++i) log.info(line);
    // Each would have waited 20 ms: 38 s in all.
    CHECK(std::chrono::steady_clock::now() - began < 5s);
    const auto kept = lines_of(pipe.drain());
    CHECK(kept > 0);
    CHECK(kept < sent);
    log.info("after");
    CHECK(pipe.drain() == "dropped " + std::to_string(sent - kept) + "\nafter\n");
    log.info("more");
    CHECK(pipe.drain() == "more\n");
}

TEST_CASE("a reader that has gone harms nobody") {
    pipe_end pipe;
    auto log = logger_to(pipe.writer, 20ms);
    ::close(std::exchange(pipe.reader, -1));
    struct quiet {
        decltype(std::signal(SIGPIPE, SIG_IGN)) before = std::signal(SIGPIPE, SIG_IGN);
        ~quiet() { std::signal(SIGPIPE, before); }
    } ignore;
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 1'000; ++i) log.info("nobody reads");
    CHECK(std::chrono::steady_clock::now() - began < 5s);
}

TEST_CASE("lines of many threads stay whole") {
    pipe_end pipe;
    auto log = logger_to(pipe.writer, 1s);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&log, t] {
            for (int i = 0; i < 50; ++i) log.info(std::string(60, static_cast<char>('a' + t)));
        });
    for (auto& one : threads) one.join();
    const auto all = pipe.drain();
    CHECK(lines_of(all) == 200);
    for (std::size_t at = 0; at < all.size(); at += 61)
        CHECK(all.substr(at, 61) == std::string(60, all[at]) + "\n");
}
