#include "runtime/private_file.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace perin::runtime {

namespace {

failure failed(const std::filesystem::path& path, const char* what, int why) {
    const bool refused = why == EACCES || why == EPERM || why == EROFS;
    return {refused ? error_code::forbidden : error_code::unavailable,
            path.string() + ": cannot " + what + ": " +
                std::error_code(why, std::system_category()).message()};
}

/// An open file; closed and, until it has its place, removed.
class temporary_file {
  public:
    explicit temporary_file(std::filesystem::path path)
        : path_(std::move(path)),
          descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                             S_IRUSR | S_IWUSR)) {}
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        if (descriptor_ < 0) return;
        ::close(descriptor_);
        if (!placed_) ::unlink(path_.c_str());
    }

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

    /// Zero or an `errno`.
    [[nodiscard]] int write(std::string_view content) const {
        while (!content.empty()) {
            const auto count = ::write(descriptor_, content.data(), content.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return errno;
            content.remove_prefix(static_cast<std::size_t>(count));
        }
        return ::fsync(descriptor_) == 0 ? 0 : errno;
    }

    /// Gives the file its name. `link` fails where the name is taken, which `rename` does not.
    [[nodiscard]] int place(const std::filesystem::path& name, existing_file existing) {
        if (existing == existing_file::keep) {
            return ::link(path_.c_str(), name.c_str()) == 0 ? 0 : errno;
        }
        if (::rename(path_.c_str(), name.c_str()) != 0) return errno;
        placed_ = true;
        return 0;
    }

  private:
    std::filesystem::path path_;
    int descriptor_;
    bool placed_ = false;
};

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// A new name is on disk only when its folder is.
int sync_folder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const int why = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    return why;
}

}  // namespace

result<void> make_private_folder(const std::filesystem::path& folder) {
    std::error_code why;
    if (folder.empty() || std::filesystem::is_directory(folder, why)) return {};
    if (auto above = make_private_folder(folder.parent_path()); !above) return above;
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return failed(folder, "make the folder", errno);
    }
    return {};
}

result<void> remove_private_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(path, "remove", errno);
    const auto folder = folder_of(path);
    if (const int why = sync_folder(folder); why != 0) return failed(folder, "sync", why);
    return {};
}

result<void> write_private_file(const std::filesystem::path& path, std::string_view content,
                                existing_file existing) {
    const auto folder = folder_of(path);
    if (auto made = make_private_folder(folder); !made) return made;
    static std::atomic<unsigned> count = 0;
    auto name = path;
    name += "." + std::to_string(::getpid()) + "." + std::to_string(count++) + ".tmp";
    temporary_file file(name);
    if (!file.is_open()) return failed(name, "create", errno);
    if (const int why = file.write(content); why != 0) return failed(name, "write", why);
    const int why = file.place(path, existing);
    if (why == EEXIST) return failure{error_code::conflict, path.string() + " is already there"};
    if (why != 0) return failed(path, "put in place", why);
    if (const int unsynced = sync_folder(folder); unsynced != 0) {
        return failed(folder, "sync", unsynced);
    }
    return {};
}

}  // namespace perin::runtime
