#include "runtime/crash_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace perin::runtime {

namespace {

std::string armed;
std::atomic<long> left = 0;

/// Where the file is that names the point; empty: none does.
std::string file;
/// Guards all that is here where there is a file.
std::mutex reading;
struct stat read_of {};

void arm(const std::string& where) {
    auto colon = where.find(':');
    armed = where.substr(0, colon);
    left = colon == std::string::npos ? 1 : std::atol(where.c_str() + colon + 1);
}

/// A file that was put in the place of the one before has another inode, or is younger.
void read_again() {
    struct stat is {};
    if (stat(file.c_str(), &is) != 0) return;
    const bool same = is.st_ino == read_of.st_ino && is.st_mtim.tv_sec == read_of.st_mtim.tv_sec &&
                      is.st_mtim.tv_nsec == read_of.st_mtim.tv_nsec;
    if (same) return;
    read_of = is;
    std::ifstream in(file);
    std::string where;
    std::getline(in, where);
    arm(where);
}

}  // namespace

void arm_crash_point(const std::string& where) {
    file = where.starts_with('@') ? where.substr(1) : std::string();
    read_of = {};
    arm(file.empty() ? where : std::string());
}

void reach_crash_point(const char* name) {
    std::unique_lock lock(reading, std::defer_lock);
    if (!file.empty()) {
        lock.lock();
        read_again();
        if (armed == "?") std::ofstream(file + ".reached", std::ios::app) << name << '\n';
    }
    if (armed.empty() || armed != name || left.fetch_sub(1) != 1) return;
    // As a power cut would: no destructor runs, nothing is flushed.
    kill(getpid(), SIGKILL);
    pause();
}

}  // namespace perin::runtime
