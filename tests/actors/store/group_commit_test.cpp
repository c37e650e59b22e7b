#include "actors/store/group_commit.hpp"

#include "persistence/migrations.hpp"
#include "persistence/sqlite/sqlite_database.hpp"
#include "tests/actors/store/failing_database.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace perin;
using namespace perin::actors;
using perin::persistence::database;
using perin::test::failing_database;

namespace {

struct commit_world {
    std::filesystem::path folder;
    std::unique_ptr<failing_database> db;
    std::optional<group_commit> group;
    std::vector<std::string> told;
    std::vector<std::shared_ptr<std::pair<std::vector<journal_record>, result<void>>>> kept;
    std::vector<std::shared_ptr<persistence::stream_append>> appends;

    commit_world() {
        std::string pattern = (std::filesystem::temp_directory_path() / "perin-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        auto opened = persistence::open_sqlite((folder / "perin.db").string(),
                                               persistence::sqlite_mode::read_write);
        REQUIRE(opened);
        REQUIRE(persistence::migrate(**opened, timestamp{}));
        db = std::make_unique<failing_database>(std::move(*opened));
        group.emplace(*db, group_commit_settings{8, 4});
    }
    ~commit_world() {
        group.reset();
        db.reset();
        std::filesystem::remove_all(folder);
    }

    /// Names in `told` how it went, such as `a1: done`.
    void append(const std::string& stream, std::uint64_t after, bool batched = true) {
        auto data = std::make_shared<std::pair<std::vector<journal_record>, result<void>>>();
        data->first = {{0, "kind", "{}", timestamp{}}};
        kept.push_back(data);
        auto name = std::make_shared<std::string>(stream);
        auto view = std::make_shared<persistence::stream_append>(
            persistence::stream_append{*name, after, data->first});
        appends.push_back(view);
        auto label = stream + std::to_string(after + 1) + ": ";
        group->enter({[name, after, data](database& on) {
                          data->second =
                              persistence::journal_repository(on).append(*name, after, data->first);
                          return data->second;
                      },
                      [this, label, data](const std::optional<failure>& lost) {
                          if (lost)
                              told.push_back(label + lost->detail);
                          else
                              told.push_back(label + (data->second ? "done" : "refused"));
                      },
                      batched ? view.get() : nullptr, 1});
    }

    std::uint64_t version(const std::string& stream) {
        db->away = false;
        return *persistence::journal_repository(*db).version(stream);
    }
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(commit_world, "appends in a row are written together, and each is told") {
    for (std::uint64_t i = 0; i < 4; ++i) append("s" + std::to_string(i) + "-", 0);
    CHECK(told.empty());
    CHECK(db->statements == 0);
    group->commit();
    CHECK(told == words{"s0-1: done", "s1-1: done", "s2-1: done", "s3-1: done"});
    CHECK(db->begun == 1);
    CHECK(version("s2-") == 1);
}

TEST_CASE_METHOD(commit_world, "of appends in a row the one that conflicts spoils nothing") {
    append("a", 0);
    group->commit();
    told.clear();
    append("b", 0);
    append("a", 0);
    append("a", 1);
    append("c", 4);
    append("d", 0, false);
    group->commit();
    CHECK(told == words{"b1: done", "a1: refused", "a2: done", "c5: refused", "d1: done"});
    CHECK(version("a") == 2);
    CHECK(version("c") == 0);
    CHECK(version("d") == 1);
}

TEST_CASE_METHOD(commit_world, "a full batch is committed by itself") {
    for (std::uint64_t i = 0; i < 8; ++i) append("a", i);
    CHECK(told.size() == 8);
    CHECK_FALSE(group->open());
}

TEST_CASE_METHOD(commit_world, "a database that goes away in the middle loses nothing") {
    append("a", 0);
    append("b", 0, false);
    db->away = true;
    append("c", 0, false);
    REQUIRE(group->stalled());
    append("d", 0);
    CHECK(told.empty());
    SECTION("it comes back") {
        CHECK_FALSE(group->retry());
        db->away = false;
        REQUIRE(group->retry());
        CHECK(told == words{"a1: done", "b1: done", "c1: done", "d1: done"});
        CHECK_FALSE(group->away());
        CHECK(version("a") == 1);
        CHECK(version("d") == 1);
    }
    SECTION("it does not, and everybody is told") {
        group->give_up();
        CHECK(told == words{"a1: the server is gone", "b1: the server is gone",
                            "c1: the server is gone", "d1: the server is gone"});
        CHECK(group->away());
        // Nothing is tried by those who come now.
        auto before = db->begun;
        append("e", 0);
        CHECK(db->begun == before);
        CHECK(group->stalled());
        db->away = false;
        REQUIRE(group->retry());
        CHECK(told.back() == "e1: done");
        CHECK(version("a") == 0);
    }
    SECTION("only so many wait") {
        append("e", 0);
        CHECK(told == words{"e1: the database does not answer, and too many changes wait"});
    }
}

TEST_CASE_METHOD(commit_world, "a commit whose answer was lost is asked for, not repeated") {
    append("a", 0);
    db->answer_lost = true;
    group->commit();
    REQUIRE(group->stalled());
    CHECK(told.empty());
    db->answer_lost = false;
    db->away = true;
    CHECK_FALSE(group->retry());
    CHECK(told.empty());
    SECTION("it took place") {
        db->away = false;
        REQUIRE(group->retry());
        CHECK(told == words{"a1: done"});
        CHECK(version("a") == 1);
    }
    SECTION("nobody can say") {
        group->give_up();
        REQUIRE(told.size() == 1);
        CHECK(told[0].find("not known") != std::string::npos);
    }
}

TEST_CASE_METHOD(commit_world, "a commit that was lost on its way is done again") {
    append("a", 0);
    append("a", 1);
    db->commit_lost = true;
    group->commit();
    REQUIRE(group->stalled());
    db->commit_lost = false;
    REQUIRE(group->retry());
    CHECK(told == words{"a1: done", "a2: done"});
    CHECK(version("a") == 2);
}

TEST_CASE_METHOD(commit_world,
                 "an idle database that came back is found by a try without changes") {
    db->away = true;
    append("a", 0);
    group->give_up();
    REQUIRE(group->away());
    CHECK_FALSE(group->retry());
    group->give_up();
    CHECK(told.size() == 1);
    db->away = false;
    REQUIRE(group->retry());
    CHECK_FALSE(group->away());
    CHECK_FALSE(group->stalled());
}
