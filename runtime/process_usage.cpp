#include "runtime/process_usage.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perin::runtime {

namespace {

/// Seconds since 1970 at which the machine began.
double boot_seconds() {
    std::ifstream stat("/proc/stat");
    for (std::string word; stat >> word;) {
        double seconds = 0;
        if (word == "btime" && stat >> seconds) return seconds;
    }
    return 0;
}

std::uint64_t count_open_files() {
    // Since Linux 6.2 the folder's size is their number (proc(5)); before, each has to be listed.
    struct stat folder {};
    if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
        return static_cast<std::uint64_t>(folder.st_size);
    std::error_code ec;
    std::filesystem::directory_iterator files("/proc/self/fd", ec);
    if (ec) return 0;
    const auto found = std::distance(begin(files), end(files));
    // The folder itself is open while it is read.
    return static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(0, found - 1));
}

}  // namespace

std::optional<process_usage> read_process_usage() {
    std::ifstream stat("/proc/self/stat");
    std::string line;
    if (!std::getline(stat, line)) return std::nullopt;
    // The second field is the program's name in parentheses, which may hold anything (proc(5)).
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest(line.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) rest >> skipped;
    double user_ticks = 0;
    double system_ticks = 0;
    rest >> user_ticks >> system_ticks;
    for (int field = 16; field < 20; ++field) rest >> skipped;
    process_usage out;
    double start_ticks = 0;
    std::uint64_t resident_pages = 0;
    rest >> out.threads >> skipped >> start_ticks >> out.virtual_bytes >> resident_pages;
    if (!rest) return std::nullopt;
    const auto ticks = static_cast<double>(std::max(1L, sysconf(_SC_CLK_TCK)));
    out.cpu_seconds = (user_ticks + system_ticks) / ticks;
    out.start_seconds = boot_seconds() + start_ticks / ticks;
    out.resident_bytes =
        resident_pages * static_cast<std::uint64_t>(std::max(1L, sysconf(_SC_PAGESIZE)));
    out.open_files = count_open_files();
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) out.most_files = files.rlim_cur;
    return out;
}

}  // namespace perin::runtime
