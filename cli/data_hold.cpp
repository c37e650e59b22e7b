#include "cli/data_hold.hpp"

#include "cli/database_location.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace perin::cli {

result<data_hold> data_hold::take(const std::filesystem::path& data, hold_mode mode) {
    const auto file = data / "perin.lock";
    const int descriptor =
        ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor < 0) {
        const bool refused = errno == EACCES || errno == EPERM || errno == EROFS;
        const std::error_code why(errno, std::system_category());
        return failure{refused ? error_code::forbidden : error_code::unavailable,
                       file.string() + ": cannot be opened: " + why.message()};
    }
    data_hold made(descriptor);
    const int kind = mode == hold_mode::shared ? LOCK_SH : LOCK_EX;
    // A file system without such locks leaves it to those of the database.
    if (::flock(descriptor, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK) return made;
    return failure{error_code::conflict,
                   mode == hold_mode::shared
                       ? "the database is being exchanged for another one; wait until that is done"
                       : "a server or a command uses the data folder; stop it first"};
}

data_hold::~data_hold() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

result<std::optional<data_hold>> shared_use(const runtime::configuration& configuration) {
    if (!location_of(configuration).embedded()) return std::optional<data_hold>();
    auto hold = data_hold::take(configuration.data, hold_mode::shared);
    if (!hold) return hold.error();
    return std::optional(std::move(*hold));
}

}  // namespace perin::cli
