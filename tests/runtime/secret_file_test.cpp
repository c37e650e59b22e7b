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
    REQUIRE(::chmod(path.c_str(), content.size() < 32 ? 0400U : 0440U) == 0);
    const auto read = kept_secret(folder.path(), random);
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.find("secret") != std::string::npos);
    CHECK(content_of(path) == content);
}

TEST_CASE("a secret file without an end of line, or with that of another system, is read") {
    const temporary_folder folder;
    counting_entropy random;
    const std::string secret = "0123456789abcdef0123456789abcdef";
    const std::string end = GENERATE("", "\n", "\r\n", "\nmore");
    std::ofstream(folder.path() / "secret") << secret << end;
    REQUIRE(::chmod((folder.path() / "secret").c_str(), S_IRUSR) == 0);
    const auto read = kept_secret(folder.path(), random);
    REQUIRE(read);
    CHECK(*read == secret);
}

TEST_CASE("what is no file, or holds more than a secret, is no secret") {
    const temporary_folder folder;
    counting_entropy random;
    const auto path = folder.path() / "secret";
    SECTION("a folder") { fs::create_directory(path); }
    SECTION("a pipe") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
    SECTION("a long line") { std::ofstream(path) << std::string(10'000, 'x'); }
    fs::permissions(path, fs::perms::owner_all);
    CHECK_FALSE(kept_secret(folder.path(), random));
}

TEST_CASE("the known secrets are the newest, the one before, and none twice") {
    const temporary_folder folder;
    counting_entropy random;
    configuration settings;
    settings.data = folder.path();
    const auto nowhere = known_secrets(settings);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == error_code::not_found);
    CHECK(files_in(folder.path()) == 0);

    const auto kept = kept_secret(folder.path(), random);
    REQUIRE(kept);
    using secrets = std::vector<std::string>;
    CHECK(*known_secrets(settings) == secrets{*kept});
    settings.secret_previous = "b";
    CHECK(*known_secrets(settings) == secrets{*kept, "b"});
    // The file is not looked at where there is another word.
    settings.secret = "a";
    CHECK(*known_secrets(settings) == secrets{"a", "b"});
    settings.secret_previous = "";
    CHECK(*known_secrets(settings) == secrets{"a"});
    settings.secret = "";
    settings.secret_previous = *kept;
    CHECK(*known_secrets(settings) == secrets{*kept});
}

TEST_CASE("a kept secret is replaced, and the old one is known until the end") {
    const temporary_folder folder;
    counting_entropy random;
    configuration settings;
    settings.data = folder.path();
    const auto old = kept_secret(folder.path(), random);
    REQUIRE(old);
    using secrets = std::vector<std::string>;
    secrets both;
    {
        auto rotation = secret_rotation::begin(folder.path());
        REQUIRE(rotation);
        CHECK(*rotation->replace(random));
        both = *known_secrets(settings);
        REQUIRE(both.size() == 2);
        CHECK(both[0].size() == 64);
        CHECK(both[0] != *old);
        CHECK(both[1] == *old);
        CHECK(mode_of(folder.path() / "secret") == 0600);
        CHECK(mode_of(folder.path() / "secret.previous") == 0600);
        CHECK(files_in(folder.path()) == 2);
    }
    // Cut off here, the next one makes no third.
    auto next = secret_rotation::begin(folder.path());
    REQUIRE(next);
    CHECK_FALSE(*next->replace(random));
    CHECK(*known_secrets(settings) == both);
    REQUIRE(next->finish());
    CHECK(*known_secrets(settings) == secrets{both[0]});
    CHECK(files_in(folder.path()) == 1);
    REQUIRE(next->finish());
    CHECK(*next->replace(random));
    CHECK(known_secrets(settings)->at(1) == both[0]);
}

TEST_CASE("a replacement that was cut off before the new secret was in place goes on") {
    const temporary_folder folder;
    counting_entropy random;
    configuration settings;
    settings.data = folder.path();
    const auto old = kept_secret(folder.path(), random);
    REQUIRE(old);
    REQUIRE(
        write_private_file(folder.path() / "secret.previous", *old + "\n", existing_file::keep));
    CHECK(*known_secrets(settings) == std::vector<std::string>{*old});
    auto rotation = secret_rotation::begin(folder.path());
    REQUIRE(rotation);
    CHECK(*rotation->replace(random));
    const auto both = known_secrets(settings);
    REQUIRE(both);
    REQUIRE(both->size() == 2);
    CHECK(both->at(1) == *old);
}

TEST_CASE("one program at a time replaces the secret") {
    const temporary_folder folder;
    std::optional<secret_rotation> first;
    {
        auto begun = secret_rotation::begin(folder.path());
        REQUIRE(begun);
        first.emplace(std::move(*begun));
    }
    const auto second = secret_rotation::begin(folder.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == error_code::conflict);
    first.reset();
    CHECK(secret_rotation::begin(folder.path()));
    CHECK_FALSE(secret_rotation::begin(folder.path() / "none"));
}

TEST_CASE("an old secret that cannot be read stops a replacement, and is left as it is") {
    const temporary_folder folder;
    counting_entropy random;
    const auto old = kept_secret(folder.path(), random);
    REQUIRE(old);
    const auto path = folder.path() / "secret.previous";
    std::ofstream(path) << "short\n";
    fs::permissions(path, fs::perms::owner_read);
    auto rotation = secret_rotation::begin(folder.path());
    REQUIRE(rotation);
    CHECK_FALSE(rotation->replace(random));
    CHECK(content_of(path) == "short\n");
    CHECK(*kept_secret(folder.path(), random) == *old);
}

TEST_CASE("a private file is removed, also one that is not there") {
    const temporary_folder folder;
    const auto path = folder.path() / "file";
    REQUIRE(write_private_file(path, "text", existing_file::keep));
    CHECK(remove_private_file(path));
    CHECK(files_in(folder.path()) == 0);
    CHECK(remove_private_file(path));
    CHECK_FALSE(remove_private_file("/proc/no/such/folder/file"));
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
