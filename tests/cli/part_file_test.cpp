#include "cli/part_file.hpp"

#include "tests/cli/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace perin;
using namespace perin::cli;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
    std::ofstream out(path);
    out << text;
}

std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a file is another one until it is placed") {
    const temporary_folder folder;
    const auto target = folder.path() / "file";
    {
        auto part = part_file::begin(target);
        REQUIRE(part);
        CHECK(part->path() == folder.path() / "file.part");
        write(part->path(), "text");
        CHECK_FALSE(fs::exists(target));
        REQUIRE(part->place(false));
    }
    CHECK(read(target) == "text");
    CHECK_FALSE(fs::exists(folder.path() / "file.part"));
    struct stat found {};
    REQUIRE(::stat(target.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a file that is not placed is gone") {
    const temporary_folder folder;
    { REQUIRE(part_file::begin(folder.path() / "file")); }
    CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a file that is there is replaced only where that is wanted") {
    const temporary_folder folder;
    const auto target = folder.path() / "file";
    write(target, "old");
    {
        auto part = part_file::begin(target);
        REQUIRE(part);
        write(part->path(), "new");
        const auto placed = part->place(false);
        REQUIRE_FALSE(placed);
        CHECK(placed.error().code == error_code::conflict);
        CHECK(read(target) == "old");
        REQUIRE(part->place(true));
    }
    CHECK(read(target) == "new");
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what a dead program left is begun anew, what a living one writes is not") {
    const temporary_folder folder;
    const auto target = folder.path() / "file";
    write(folder.path() / "file.part", "half of it");
    REQUIRE(::chmod((folder.path() / "file.part").c_str(), 0644) == 0);
    auto part = part_file::begin(target);
    REQUIRE(part);
    CHECK(read(part->path()).empty());
    write(part->path(), "whole");

    const auto second = part_file::begin(target);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == error_code::conflict);
    CHECK(read(part->path()) == "whole");
    REQUIRE(part->place(false));
    struct stat found {};
    REQUIRE(::stat(target.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a folder that is not there is a failure that names the file") {
    const auto part = part_file::begin("/no/such/folder/file");
    REQUIRE_FALSE(part);
    CHECK(part.error().detail.starts_with("/no/such/folder/file.part: cannot create"));
}
