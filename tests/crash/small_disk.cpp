#include "tests/crash/small_disk.hpp"

#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace perin::test {

bool mount_small(const std::filesystem::path& at, const char* options) {
    const auto user = ::geteuid();
    const auto group = ::getegid();
    const int own = CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(own) != 0) return false;
    if (user != 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
        std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    return ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
}

}  // namespace perin::test
