#include "runtime/secret_file.hpp"

#include "runtime/private_file.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace perin;
using namespace perin::runtime;
namespace fs = std::filesystem;

namespace {

class temporary_folder {
  public:
    temporary_folder() {
        std::string name = (fs::temp_directory_path() / "perin-secret-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { fs::remove_all(path_); }
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// Counts up, so that two draws differ.
class counting_entropy final : public entropy {
  public:
    void fill(std::span<std::uint8_t> out) override {
        for (auto& octet : out) octet = next_++;
    }

  private:
    std::uint8_t next_ = 1;
};

mode_t mode_of(const fs::path& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777U;
}

std::string content_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a secret is made once, kept for its owner alone, and found again") {
    const temporary_folder folder;
    const auto data = folder.path() / "deep" / "data";
    counting_entropy random;
    const auto first = kept_secret(data, random);
    REQUIRE(first);
    CHECK(first->size() == 64);
    CHECK(first->starts_with("0102030405"));
    CHECK(mode_of(data / "secret") == 0600);
    CHECK(mode_of(data) == 0700);
    CHECK(files_in(data) == 1);
    const auto second = kept_secret(data, random);
    REQUIRE(second);
    CHECK(*second == *first);
}

TEST_CASE("a secret file that is open to others or too short is refused and left as it is") {
    const temporary_folder folder;
    counting_entropy random;
    const auto path = folder.path() / "secret";
    const std::string content = GENERATE("short\n", "0123456789abcdef0123456789abcdef\n");
    std::ofstream(path) << content;
    const auto mode = content.size() < 32 ? S_IRUSR : S_IRUSR | S_IRGRP;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto read = kept_secret(folder.path(), random);
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.find("secret") != std::string::npos);
    CHECK(content_of(path) == content);
}

TEST_CASE("a private file is replaced whole, or kept where that is asked") {
    const temporary_folder folder;
    const auto path = folder.path() / "file";
    REQUIRE(write_private_file(path, "one", existing_file::keep));
    const auto kept = write_private_file(path, "two", existing_file::keep);
    REQUIRE_FALSE(kept);
    CHECK(kept.error().code == error_code::conflict);
    CHECK(content_of(path) == "one");
    REQUIRE(write_private_file(path, "three", existing_file::replace));
    CHECK(content_of(path) == "three");
    CHECK(mode_of(path) == 0600);
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a private file that cannot be written is a failure that leaves nothing behind") {
    const temporary_folder folder;
    const auto path = folder.path() / "taken";
    fs::create_directory(path);
    fs::create_directory(path / "inside");
    CHECK_FALSE(write_private_file(path, "text", existing_file::replace));
    CHECK(files_in(folder.path()) == 1);
    CHECK_FALSE(write_private_file("/proc/no/such/folder/file", "text", existing_file::keep));
}
