#include "cli/part_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace perin::cli {

namespace {

namespace fs = std::filesystem;

failure failed(const fs::path& path, const char* what, int why) {
    const bool refused = why == EACCES || why == EPERM || why == EROFS;
    return {refused ? error_code::forbidden : error_code::internal,
            path.string() + ": cannot " + what + ": " +
                std::error_code(why, std::system_category()).message()};
}

/// Whether the open file is still the one of that name: whoever held it may have placed it.
bool is_at(int descriptor, const fs::path& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

int sync_folder(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const int why = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    return why;
}

}  // namespace

result<part_file> part_file::begin(const fs::path& target) {
    auto path = target;
    path += ".part";
    const int descriptor =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return failed(path, "create", errno);
    part_file made(target, path, descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !is_at(descriptor, path)) {
        return failure{error_code::conflict,
                       path.string() + ": another program is writing this file"};
    }
    made.removes_ = true;
    if (::fchmod(descriptor, S_IRUSR | S_IWUSR) != 0 || ::ftruncate(descriptor, 0) != 0) {
        return failed(path, "write", errno);
    }
    return made;
}

part_file::part_file(part_file&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      removes_(other.removes_) {}

part_file::~part_file() {
    if (descriptor_ < 0) return;
    if (removes_) ::unlink(path_.c_str());
    ::close(descriptor_);
}

result<void> part_file::place(bool replace) {
    if (::fsync(descriptor_) != 0) return failed(path_, "write", errno);
    // `link` fails where the name is taken, which `rename` does not.
    if (!replace && ::link(path_.c_str(), target_.c_str()) != 0) {
        if (errno == EEXIST) {
            return failure{error_code::conflict, target_.string() + " is already there"};
        }
        return failed(target_, "put in place", errno);
    }
    if (replace) {
        if (::rename(path_.c_str(), target_.c_str()) != 0) {
            return failed(target_, "put in place", errno);
        }
        removes_ = false;
    }
    const auto folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    if (const int why = sync_folder(folder); why != 0) return failed(folder, "sync", why);
    return {};
}

}  // namespace perin::cli
