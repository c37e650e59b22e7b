#include "actors/store/store.hpp"
#include "persistence/journal.hpp"
#include "tests/persistence/test_store.hpp"
#include "tests/runtime/virtual_system.hpp"

#include <caf/event_based_actor.hpp>

#include <map>

using namespace perin;
using namespace perin::runtime;
using perin::persistence::test::drivers;
using perin::persistence::test::test_store;

namespace {

/// A store on either database whose batches hold what is sent before `settle`.
struct store_world : perin::test::virtual_system {
    test_store files;
    store_actor store;
    std::map<std::string, result<std::uint64_t>> answers;

    explicit store_world(const std::string& driver) : files(driver) {
        store = actors::spawn_store(system, files.open(), {}, false);
        settle();
    }
    ~store_world() {
        caf::anon_send_exit(store, caf::exit_reason::user_shutdown);
        store = nullptr;
        settle();
    }

    void append(const std::string& stream, std::uint64_t after, std::string payload) {
        append_records what{stream, after, {{0, "kind", std::move(payload), timestamp{}}}, {}};
        system.spawn([this, stream, what](caf::event_based_actor* asker) {
            asker->request(store, std::chrono::seconds{60}, what)
                .then([this, stream](const result<std::uint64_t>& answer) {
                    answers.insert_or_assign(stream, answer);
                });
        });
    }
    [[nodiscard]] std::vector<journal_record> read(const std::string& stream) {
        auto db = files.open_empty();
        return persistence::journal_repository(*db).read(stream, 0, 10).value();
    }
};

}  // namespace

TEST_CASE("what cannot be kept is refused, and spoils no other of its batch") {
    const std::string driver = GENERATE(from_range(drivers()));
    INFO(driver);
    store_world world(driver);
    const std::string large(std::size_t{10} * 1024 * 1024, 'x');
    const std::string with_nul("a\0b", 3);
    world.append("before", 0, "{}");
    world.append("nul", 0, with_nul);
    world.append("large", 0, large);
    world.append("octets", 0, "\xff\xfe");
    world.append("cut", 0, "\xe2\x82");
    world.append("after", 0, "{}");
    world.settle();
    for (const std::string stream : {"before", "large", "after"}) {
        INFO(stream);
        REQUIRE(world.answers.at(stream));
        CHECK(*world.answers.at(stream) == 1);
        CHECK(world.read(stream).size() == 1);
    }
    CHECK(world.read("large").at(0).payload == large);
    for (const std::string stream : {"nul", "octets", "cut"}) {
        INFO(stream);
        REQUIRE_FALSE(world.answers.at(stream));
        const auto& why = world.answers.at(stream).error();
        CHECK(why.code == error_code::invalid_request);
        CHECK(why.detail == (stream == "nul" ? "a text holds a NUL, which is not kept"
                                             : "a text is not valid UTF-8"));
        CHECK(world.read(stream).empty());
    }
    // The same stream takes what is sound, and the store goes on.
    world.append("nul", 0, "{}");
    world.append("before", 1, "{}");
    world.settle();
    CHECK(world.answers.at("nul"));
    CHECK(*world.answers.at("before") == 2);
}
