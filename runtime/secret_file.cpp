#include "runtime/secret_file.hpp"

#include "runtime/private_file.hpp"

#include <array>
#include <fstream>
#include <sys/stat.h>

namespace perin::runtime {

namespace {

constexpr std::size_t least_bytes = 32;

std::string hexadecimal(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto octet : octets) {
        text += digits[octet >> 4U];
        text += digits[octet & 0xfU];
    }
    return text;
}

/// `not_found` where there is no file.
result<std::string> read_secret(const std::filesystem::path& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        return failure{error_code::not_found, path.string() + " is not there"};
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return failure{error_code::internal, path.string() + ": others may read it; chmod 600"};
    }
    std::ifstream in(path, std::ios::binary);
    std::string line;
    std::getline(in, line);
    if (line.ends_with('\r')) line.pop_back();
    result<std::string> secret = std::move(line);
    if (!in.is_open() || secret->size() < least_bytes) {
        return failure{error_code::internal,
                       path.string() + ": cannot be read, or is shorter than 32 bytes"};
    }
    return secret;
}

}  // namespace

result<std::string> kept_secret(const std::filesystem::path& data, entropy& random) {
    const auto path = data / "secret";
    auto found = read_secret(path);
    if (found || found.error().code != error_code::not_found) return found;
    std::array<std::uint8_t, 32> octets{};
    random.fill(octets);
    const auto secret = hexadecimal(octets);
    const auto written = write_private_file(path, secret + "\n", existing_file::keep);
    if (written) return secret;
    if (written.error().code != error_code::conflict) return written.error();
    // Another program was quicker: its secret is the one.
    return read_secret(path);
}

}  // namespace perin::runtime
