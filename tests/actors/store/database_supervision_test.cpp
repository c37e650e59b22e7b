#include "actors/store/database_work.hpp"
#include "actors/store/reader_pool.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/store/failing_database.hpp"

#include <caf/event_based_actor.hpp>

using namespace perin;
using namespace perin::actors;
using namespace perin::runtime;
using namespace perin::test;
using namespace std::chrono_literals;

namespace {

/// A store and a reader on a database that the test takes away, under the supervisor they have in a
/// server, in virtual time.
struct supervised_world : virtual_system {
    std::filesystem::path folder;
    std::shared_ptr<circuit_board> circuits = std::make_shared<circuit_board>();
    actor_slot<upstream_actor> supervisor;
    failing_database* written = nullptr;
    failing_database* read = nullptr;
    store_actor store;
    reader_actor reader;
    std::vector<std::string> told;

    supervised_world() {
        std::string pattern = (std::filesystem::temp_directory_path() / "perin-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        auto made = std::make_shared<upstream_parts>();
        made->key = database_upstream;
        made->settings = database_supervision();
        made->chance = std::make_shared<counted_entropy>();
        made->clock = std::make_shared<fixed_clock>();
        made->circuits = circuits;
        supervisor.put(spawn_upstream(system, made));
        auto writer = open();
        REQUIRE(persistence::migrate(*writer, timestamp{}));
        written = writer.get();
        store = spawn_store(system, std::move(writer), {}, false, supervisor);
        auto readers = open();
        read = readers.get();
        reader = spawn_reader(system, std::move(readers), false, supervisor);
        settle();
    }
    ~supervised_world() {
        caf::anon_send_exit(store, caf::exit_reason::user_shutdown);
        caf::anon_send_exit(reader, caf::exit_reason::user_shutdown);
        caf::anon_send_exit(supervisor.load(), caf::exit_reason::user_shutdown);
        store = nullptr;
        reader = nullptr;
        supervisor.clear();
        settle();
        std::filesystem::remove_all(folder);
    }

    std::unique_ptr<failing_database> open() {
        auto opened = persistence::open_sqlite((folder / "perin.db").string(),
                                               persistence::sqlite_mode::read_write);
        REQUIRE(opened);
        return std::make_unique<failing_database>(std::move(*opened));
    }

    void append(std::uint64_t after) {
        append_records what{"a", after, {{0, "kind", "{}", timestamp{}}}};
        auto name = "a" + std::to_string(after + 1) + ": ";
        system.spawn([this, what, name](caf::event_based_actor* asker) {
            asker->request(store, 60s, what).then([this, name](const result<std::uint64_t>& done) {
                told.push_back(name + (done ? std::to_string(*done) : done.error().detail));
            });
        });
        settle();
    }

    void look_up() {
        system.spawn([this](caf::event_based_actor* asker) {
            asker->request(reader, 60s, list_users{})
                .then([this](const result<std::vector<user>>& found) {
                    told.push_back(found ? "users" : found.error().detail);
                });
        });
        settle();
    }
    [[nodiscard]] circuit_state circuit() const { return circuits->state_of(database_upstream); }
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(supervised_world, "what a short absence held up is written, once and in order") {
    written->away = true;
    append(0);
    append(1);
    CHECK(told.empty());
    written->away = false;
    advance(1s);
    CHECK(told == words{"a1: 1", "a2: 2"});
    CHECK(circuit() == circuit_state::closed);
}

TEST_CASE_METHOD(supervised_world,
                 "a long absence is told, shown, and found over without traffic") {
    written->away = true;
    append(0);
    for (int i = 0; i < 30 && told.empty(); ++i) advance(1s);
    CHECK(told == words{"a1: the server is gone"});
    // Others are told soon, not after as long a wait, and from then on at once.
    append(0);
    advance(1s);
    CHECK(circuit() != circuit_state::closed);
    CHECK(told == words{"a1: the server is gone", "a1: the server is gone"});
    for (int second = 0; second < 60; ++second) {
        advance(1s);
        CHECK(circuit() != circuit_state::closed);
    }
    written->away = false;
    for (int i = 0; i < 10 && circuit() != circuit_state::closed; ++i) advance(1s);
    CHECK(circuit() == circuit_state::closed);
    append(0);
    CHECK(told.back() == "a1: 1");
}

TEST_CASE_METHOD(supervised_world,
                 "a commit whose answer was lost is asked for by the supervisor") {
    written->answer_lost = true;
    append(0);
    CHECK(told == words{"a1: 1"});
    written->answer_lost = false;
    append(0);
    CHECK(told.back() ==
          "a1: " + std::string("the journal is not at the version that was expected"));
}

TEST_CASE_METHOD(supervised_world, "a read that fails is made again, and given up in time") {
    read->away = true;
    look_up();
    CHECK(told.empty());
    SECTION("it comes back") {
        read->away = false;
        advance(2s);
        CHECK(told == words{"users"});
    }
    SECTION("it does not") {
        for (int i = 0; i < 30 && told.empty(); ++i) advance(1s);
        CHECK(told == words{"the server is gone"});
    }
}

TEST_CASE_METHOD(supervised_world, "a full disk shows until it can be written to, not only begun") {
    written->full = true;
    append(0);
    for (int i = 0; i < 30 && told.empty(); ++i) advance(1s);
    CHECK(told == words{"a1: the disk is full"});
    for (int second = 0; second < 60; ++second) {
        advance(1s);
        CHECK(circuits->all().at(0).failures > 0);
    }
    written->full = false;
    for (int i = 0; i < 10 && circuit() != circuit_state::closed; ++i) advance(1s);
    CHECK(circuit() == circuit_state::closed);
    CHECK(circuits->all().at(0).failures == 0);
    append(0);
    CHECK(told.back() == "a1: 1");
    // The attempts have left nothing.
    auto db = open();
    CHECK(db->execute("SELECT 1 FROM settings", {})->empty());
}

TEST_CASE_METHOD(supervised_world, "that reads go well again is seen where nothing is written") {
    read->away = true;
    for (int i = 0; i < 12; ++i) look_up();
    for (int i = 0; i < 30 && told.size() < 12; ++i) advance(1s);
    REQUIRE(told.size() == 12);
    REQUIRE(circuits->all().at(0).failures > 0);
    read->away = false;
    // As a look at the readiness each second does.
    for (int second = 0; second < 5; ++second) {
        look_up();
        CHECK(told.back() == "users");
        advance(1s);
    }
    CHECK(circuit() == circuit_state::closed);
    CHECK(circuits->all().at(0).failures == 0);
}

TEST_CASE_METHOD(supervised_world, "without its supervisor a store fails at once") {
    caf::anon_send_exit(supervisor.load(), caf::exit_reason::kill);
    settle();
    written->away = true;
    append(0);
    CHECK(told == words{"a1: the server is gone"});
}

namespace {

/// A pool on the same file.
struct pool_world : supervised_world {
    reader_actor pool;
    int opened = 0;

    void start(reader_pool_settings wanted) {
        reader_pool_parts parts;
        parts.open = [this] {
            ++opened;
            return open();
        };
        parts.settings = wanted;
        parts.detached = false;
        pool = spawn_reader_pool(system, std::move(parts));
        settle();
    }
    ~pool_world() {
        caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
        pool = nullptr;
        settle();
    }
    void ask(int times) {
        system.spawn([this, times](caf::event_based_actor* asker) {
            for (int i = 0; i < times; ++i)
                asker->request(pool, 60s, list_users{})
                    .then([this](const result<std::vector<user>>& found) {
                        told.push_back(found ? "users" : found.error().detail);
                    });
        });
        settle();
    }
};

}  // namespace

TEST_CASE_METHOD(pool_world, "a pool opens connections as they are needed, and closes idle ones") {
    start({});
    CHECK(opened == 0);
    ask(1);
    ask(1);
    CHECK(opened == 1);
    ask(5);
    CHECK(opened == 5);
    CHECK(told == words(7, "users"));
    auto running = system.registry().running();
    advance(32s);
    advance(1s);
    CHECK(system.registry().running() == running - 5);
    ask(1);
    CHECK(opened == 6);
    CHECK(told.size() == 8);
}

TEST_CASE_METHOD(pool_world, "a pool has so many connections and so many who wait") {
    reader_pool_settings wanted;
    wanted.most = 2;
    wanted.most_waiting = 3;
    start(wanted);
    ask(7);
    CHECK(opened == 2);
    REQUIRE(told.size() == 7);
    CHECK(std::count(told.begin(), told.end(), "users") == 5);
    CHECK(std::count(told.begin(), told.end(), "all connections to the database are in use") == 2);
    ask(2);
    CHECK(opened == 2);
    CHECK(told.back() == "users");
}
