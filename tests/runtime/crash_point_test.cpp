#include "runtime/crash_point.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace perin::runtime;

namespace {

/// The signal that ends a process which does this; 0 where it comes to its end.
int signal_that_ends(const std::function<void()>& what) {
    const auto child = fork();
    if (child == 0) {
        what();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void reach(const std::vector<const char*>& names) {
    for (const auto* name : names) reach_crash_point(name);
}

struct armed_file {
    std::filesystem::path folder;
    std::string path;
    armed_file() {
        std::string pattern = (std::filesystem::temp_directory_path() / "perin-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        path = (folder / "crash_at").string();
    }
    ~armed_file() { std::filesystem::remove_all(folder); }
    void say(const std::string& where) const {
        std::ofstream(path + ".next") << where;
        std::filesystem::rename(path + ".next", path);
    }
};

}  // namespace

TEST_CASE("a process dies at the point that it is armed for, at the time of it that is meant") {
    struct row {
        const char* where;
        std::vector<const char*> reached;
        int ends;
    };
    for (const auto& [where, reached, ends] :
         {row{"", {"a", "a"}, 0}, row{"a", {"b"}, 0}, row{"a", {"b", "a"}, SIGKILL},
          row{"a:2", {"a", "b"}, 0}, row{"a:2", {"a", "b", "a"}, SIGKILL}}) {
        CAPTURE(where, reached.size());
        CHECK(signal_that_ends([&, at = where, names = reached] {
                  arm_crash_point(at);
                  reach(names);
              }) == ends);
    }
}

TEST_CASE("a process that runs is armed by a file, counted from when it was put there") {
    const armed_file file;
    const auto armed_later = [&](const char* where, std::vector<const char*> then) {
        return signal_that_ends([&, where, then] {
            arm_crash_point("@" + file.path);
            reach({"a", "a"});
            file.say(where);
            reach(then);
        });
    };
    CHECK(armed_later("a:2", {"a", "b"}) == 0);
    std::filesystem::remove(file.path);
    CHECK(armed_later("a:2", {"a", "a"}) == SIGKILL);
    CHECK(signal_that_ends([&] {
              arm_crash_point("@" + file.path);
              reach({"a"});
              file.say("");
              reach({"a", "a"});
          }) == 0);
}

TEST_CASE("the points that a process comes by can be written down") {
    const armed_file file;
    file.say("?");
    CHECK(signal_that_ends([&] {
              arm_crash_point("@" + file.path);
              reach({"a", "b", "a"});
              file.say("");
              reach({"c"});
          }) == 0);
    std::ifstream in(file.path + ".reached");
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    CHECK(all == "a\nb\na\n");
}
