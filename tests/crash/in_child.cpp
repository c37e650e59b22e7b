#include "tests/crash/in_child.hpp"

#include <array>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perin::test {

namespace {

std::array<int, 2> open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return ends;
}

pid_t fork_child() {
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error("no child");
    if (child == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

int wait_for(pid_t child) {
    int how = 0;
    ::waitpid(child, &how, 0);
    return how;
}

}  // namespace

std::string in_child(const std::function<std::string()>& what) {
    const auto [out, in] = open_pipe();
    const auto child = fork_child();
    if (child == 0) {
        std::string said;
        try {
            said = what();
        } catch (const std::exception& why) {
            said = std::string("it threw: ") + why.what();
        }
        const auto written = ::write(in, said.data(), said.size());
        ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    ::close(in);
    std::string said;
    std::array<char, 512> octets{};
    for (ssize_t size = 0; (size = ::read(out, octets.data(), octets.size())) > 0;)
        said.append(octets.data(), static_cast<std::size_t>(size));
    ::close(out);
    const auto how = wait_for(child);
    if (WIFSIGNALED(how)) return "it died of signal " + std::to_string(WTERMSIG(how));
    return said;
}

holding_child::holding_child(const std::function<bool()>& begin) {
    const auto [told_out, told_in] = open_pipe();
    const auto [life_out, life_in] = open_pipe();
    process_ = fork_child();
    if (process_ == 0) {
        ::close(life_in);
        char done = begin() ? 'y' : 'n';
        if (::write(told_in, &done, 1) != 1) ::_exit(1);
        // Nothing comes but the end.
        static_cast<void>(!::read(life_out, &done, 1));
        ::_exit(0);
    }
    ::close(told_in);
    ::close(life_out);
    life_ = life_in;
    char done = 'n';
    static_cast<void>(!::read(told_out, &done, 1));
    ::close(told_out);
    if (done != 'y') throw std::runtime_error("the child could not begin");
}

holding_child::~holding_child() {
    ::close(life_);
    wait_for(process_);
}

}  // namespace perin::test
