#include "runtime/secret_file.hpp"

#include "runtime/crash_point.hpp"
#include "runtime/private_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace perin::runtime {

namespace {

constexpr std::size_t least_bytes = 32;
/// More than a secret of the configuration may have.
constexpr std::size_t most_bytes = 8192;

std::filesystem::path present_file(const std::filesystem::path& data) { return data / "secret"; }

std::filesystem::path previous_file(const std::filesystem::path& data) {
    return data / "secret.previous";
}

std::string hexadecimal(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto octet : octets) {
        text += digits[octet >> 4U];
        text += digits[octet & 0xfU];
    }
    return text;
}

std::string made_secret(entropy& random) {
    std::array<std::uint8_t, 32> octets{};
    random.fill(octets);
    auto secret = hexadecimal(octets);
    ::explicit_bzero(octets.data(), octets.size());
    return secret;
}

failure refused(const std::filesystem::path& path, const std::string& why) {
    return {error_code::internal, path.string() + ": " + why};
}

/// An open descriptor.
class descriptor {
  public:
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

/// Puts the first line of a file into `line`; false where it cannot be read, or is longer than any
/// secret.
bool read_first_line(int file, std::string& line) {
    std::array<char, most_bytes> buffer{};
    std::size_t size = 0;
    bool whole = false;
    while (size < buffer.size()) {
        const auto count = ::read(file, buffer.data() + size, buffer.size() - size);
        if (count < 0 && errno == EINTR) continue;
        whole = count == 0;
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    std::string_view text(buffer.data(), size);
    whole = whole || text.find('\n') != std::string_view::npos;
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (whole) line = text;
    ::explicit_bzero(buffer.data(), buffer.size());
    return whole;
}

/// `not_found` where there is no file.
result<std::string> read_secret(const std::filesystem::path& path) {
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0 && errno == ENOENT) {
        return failure{error_code::not_found, path.string() + " is not there"};
    }
    struct stat found {};
    if (file.number() < 0 || ::fstat(file.number(), &found) != 0) {
        return refused(path, "cannot be read");
    }
    if (!S_ISREG(found.st_mode)) return refused(path, "is no file");
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return refused(path, "others may read it; chmod 600");
    }
    result<std::string> secret = std::string();
    if (!read_first_line(file.number(), *secret) || secret->size() < least_bytes) {
        return refused(path, "cannot be read, or is shorter than 32 bytes");
    }
    return secret;
}

result<void> write_secret(const std::filesystem::path& path, const std::string& secret,
                          existing_file existing) {
    auto line = secret + "\n";
    auto written = write_private_file(path, line, existing);
    ::explicit_bzero(line.data(), line.size());
    return written;
}

/// Adds it where it is there and not among them.
result<void> add_if_there(std::vector<std::string>& known, result<std::string> secret) {
    if (!secret) {
        return secret.error().code == error_code::not_found ? result<void>() : secret.error();
    }
    if (std::ranges::find(known, *secret) == known.end()) known.push_back(std::move(*secret));
    return {};
}

}  // namespace

result<std::string> kept_secret(const std::filesystem::path& data, entropy& random) {
    const auto path = present_file(data);
    auto found = read_secret(path);
    if (found || found.error().code != error_code::not_found) return found;
    const auto secret = made_secret(random);
    const auto written = write_secret(path, secret, existing_file::keep);
    if (written) return secret;
    if (written.error().code != error_code::conflict) return written.error();
    // Another program was quicker: its secret is the one.
    return read_secret(path);
}

result<std::vector<std::string>> known_secrets(const configuration& settings) {
    std::vector<std::string> known;
    if (settings.secret.empty()) {
        auto present = read_secret(present_file(settings.data));
        if (!present) return present.error();
        known.push_back(std::move(*present));
    } else {
        known.push_back(settings.secret);
    }
    if (!settings.secret_previous.empty()) {
        const auto added = add_if_there(known, settings.secret_previous);
        if (!added) return added.error();
    }
    if (settings.secret.empty()) {
        // After the present one: in the other order a rotation that begins in between would hide
        // the old one.
        const auto added = add_if_there(known, read_secret(previous_file(settings.data)));
        if (!added) return added.error();
    }
    return known;
}

result<secret_rotation> secret_rotation::begin(const std::filesystem::path& data) {
    const int folder = ::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        const auto why = std::error_code(errno, std::system_category());
        return failure{error_code::unavailable, data.string() + ": " + why.message()};
    }
    // The kernel lets it go with the process, however that ends.
    if (::flock(folder, LOCK_EX | LOCK_NB) == 0) return secret_rotation(data, folder);
    const auto why = std::error_code(errno, std::system_category());
    ::close(folder);
    if (why.value() == EWOULDBLOCK) {
        return failure{error_code::conflict, "the secret is being replaced by another program"};
    }
    return failure{error_code::unavailable, data.string() + ": cannot lock: " + why.message()};
}

secret_rotation::secret_rotation(secret_rotation&& other) noexcept
    : data_(std::move(other.data_)), lock_(std::exchange(other.lock_, -1)) {}

secret_rotation::~secret_rotation() {
    if (lock_ >= 0) ::close(lock_);
}

result<bool> secret_rotation::replace(entropy& random) {
    const auto present = kept_secret(data_, random);
    if (!present) return present.error();
    const auto previous = read_secret(previous_file(data_));
    if (!previous && previous.error().code != error_code::not_found) return previous.error();
    if (previous && *previous != *present) return false;
    if (!previous) {
        const auto kept = write_secret(previous_file(data_), *present, existing_file::keep);
        if (!kept) return kept.error();
        crash_point("secrets.old_kept");
    }
    const auto replaced =
        write_secret(present_file(data_), made_secret(random), existing_file::replace);
    if (!replaced) return replaced.error();
    crash_point("secrets.replaced");
    return true;
}

result<void> secret_rotation::finish() { return remove_private_file(previous_file(data_)); }

}  // namespace perin::runtime
