#include "cli/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace perin::cli {

namespace {

constexpr std::size_t longest_complaint = std::size_t{16} << 10U;
/// The parent's exit code for a program that could not be begun is not seen: its `errno` is.
constexpr int not_begun = 127;

/// `name=value` for every variable, those of this program under those that are given.
std::vector<std::string> environment_of(const child_call& what) {
    std::vector<std::string> all;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view entry = *each;
        const auto name = std::string(entry.substr(0, entry.find('=')));
        if (!what.environment.contains(name)) all.emplace_back(entry);
    }
    for (const auto& [name, value] : what.environment) {
        all.push_back(name);
        all.back().append("=").append(value);
    }
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (auto& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

/// What the new process does until it is the other program. Only calls that are safe after `fork`.
struct beginning {
    const char* program;
    char* const* arguments;
    char* const* environment;
    int input;
    int output;
    int errors;
    int report;
    pid_t parent;

    [[noreturn]] void operator()() const {
        // The parent may have died before this takes hold.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) ::_exit(not_begun);
        ::signal(SIGPIPE, SIG_DFL);
        const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup2(input < 0 ? nowhere : input, STDIN_FILENO);
        ::dup2(output < 0 ? nowhere : output, STDOUT_FILENO);
        ::dup2(errors, STDERR_FILENO);
        ::execvpe(program, arguments, environment);
        const int why = errno;
        [[maybe_unused]] const auto written = ::write(report, &why, sizeof why);
        ::_exit(not_begun);
    }
};

}  // namespace

memory_file::memory_file() : descriptor_(::memfd_create("perin", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "memfd_create");
}

memory_file::memory_file(memory_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

memory_file::~memory_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::string memory_file::content(std::size_t most) const {
    std::string text(most, '\0');
    std::size_t size = 0;
    while (size < most) {
        const auto count =
            ::pread(descriptor_, text.data() + size, most - size, static_cast<off_t>(size));
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    text.resize(size);
    return text;
}

child_process::child_process(child_process&& other) noexcept
    : id_(std::exchange(other.id_, -1)), errors_(std::move(other.errors_)) {}

child_process::~child_process() {
    if (id_ < 0) return;
    ::kill(id_, SIGTERM);
    (void)wait();
}

result<child_process> child_process::start(const child_call& what) {
    std::vector<std::string> arguments = {what.program};
    arguments.insert(arguments.end(), what.arguments.begin(), what.arguments.end());
    auto environment = environment_of(what);
    const auto argument_pointers = pointers_to(arguments);
    const auto environment_pointers = pointers_to(environment);
    memory_file errors;
    // Closed by whoever becomes another program: then there is nothing to read.
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        return failure{error_code::internal, "the system gives no more files"};
    }
    const beginning begin{what.program.c_str(),
                          argument_pointers.data(),
                          environment_pointers.data(),
                          what.input,
                          what.output,
                          errors.descriptor(),
                          report[1],
                          ::getpid()};
    const pid_t id = ::fork();
    if (id == 0) begin();
    ::close(report[1]);
    int why = id < 0 ? errno : 0;
    while (id > 0 && ::read(report[0], &why, sizeof why) < 0 && errno == EINTR) {
    }
    ::close(report[0]);
    if (why == 0) return child_process(id, std::move(errors));
    if (id > 0) ::waitpid(id, nullptr, 0);
    if (why == ENOENT) return failure{error_code::not_found, what.program + " is not installed"};
    return failure{
        error_code::internal,
        what.program + " cannot be run: " + std::error_code(why, std::system_category()).message()};
}

child_end child_process::wait() {
    const auto id = std::exchange(id_, -1);
    int status = 0;
    while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    constexpr int signal_base = 128;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status);
    return {code, errors_.content(longest_complaint)};
}

result<child_end> run_child(const child_call& what) {
    auto started = child_process::start(what);
    if (!started) return started.error();
    return started->wait();
}

}  // namespace perin::cli
