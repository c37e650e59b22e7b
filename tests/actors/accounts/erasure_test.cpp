#include "actors/accounts/accounts.hpp"
#include "persistence/personal_data.hpp"
#include "tests/actors/actor_fixture.hpp"

using namespace perin;
using namespace perin::runtime;
using namespace perin::test;

namespace {

constexpr auto conv = "cnv_12345678";

/// With the accounts, whose actor tells the others of who is erased.
struct erasing_world : actor_world {
    accounts_actor accounts;

    erasing_world() {
        actors::accounts_parts parts{store, reader, actor_slot<password_actor>{}, clock, entropy};
        parts.conversations = conversations;
        parts.memory = memory;
        accounts = actors::spawn_accounts(system, parts);
        settle();
    }
    ~erasing_world() {
        caf::anon_send_exit(accounts, caf::exit_reason::user_shutdown);
        accounts = nullptr;
        settle();
    }

    void erase(const user& who) {
        auto gone = ask<result<user>>(accounts, drop_user{who.email});
        REQUIRE(gone);
        CHECK(gone->id == who.id);
    }

    result<memory_written> remember(const std::string& key) {
        memory_write change{anna.id, {}, false, {}};
        change.entry.key = key;
        change.entry.content = "a secret";
        return ask<result<memory_written>>(memory, std::move(change));
    }

    /// Rows of any table in which the user's id stands.
    std::vector<std::string> traces() {
        auto db = open(persistence::sqlite_mode::read_only);
        auto tables = db->execute(
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
            "WHERE m.type = 'table'");
        REQUIRE(tables);
        std::vector<std::string> found;
        for (auto& each : *tables) {
            const auto table = each.text(0);
            auto rows = db->execute(
                "SELECT COUNT(*) FROM " + table + " WHERE instr(\"" + each.text(1) + "\", $1) > 0",
                {anna.id});
            REQUIRE(rows);
            if (rows->front().integer(0) > 0) found.push_back(table);
        }
        return found;
    }
};

}  // namespace

TEST_CASE_METHOD(erasing_world, "who is erased leaves memory with all that is theirs") {
    auto client = connect();
    send(client, message("good morning", conv));
    REQUIRE(remember("name"));
    REQUIRE_FALSE(traces().empty());
    SECTION("while a turn runs") {}
    SECTION("while nothing runs") {
        model->calls[0]->end("good morning");
        settle();
    }
    auto bert_talks = message("hello", "cnv_of_bert_");
    bert_talks.account = bert;
    auto other = connect();
    send(other, std::move(bert_talks));
    REQUIRE(ask<counted>(conversations, count_running{}).resident == 2);

    erase(anna);
    CHECK(traces().empty());
    CHECK(client.news->gone_ids == std::vector<std::string>{conv});
    // The other one's goes on.
    CHECK(ask<counted>(conversations, count_running{}).resident == 1);
    model->calls.back()->end("good morning, Bert");
    settle();
    CHECK(other.news->all<turn_completed>().size() == 1);
    leave(client);
    leave(other);
    settle();
    CHECK(traces().empty());
}

TEST_CASE_METHOD(erasing_world, "what is on its way for who is erased is not written") {
    auto client = connect();
    send(client, message("good morning", conv));
    REQUIRE(remember("name"));
    erase(anna);
    // A session that has not been closed yet.
    send(client, message("and another one", "cnv_87654321"));
    CHECK(client.news->failures.size() == 1);
    const auto late = remember("late");
    REQUIRE_FALSE(late);
    CHECK(late.error().code == error_code::not_found);
    model->calls[0]->end("too late");
    settle();
    advance(std::chrono::minutes(11));
    CHECK(traces().empty());
    CHECK(ask<counted>(conversations, count_running{}).resident == 0);
    leave(client);
}

TEST_CASE_METHOD(erasing_world, "a change that came into the mailbox before it is erased as well") {
    auto erased = self->request(accounts, std::chrono::seconds(60), drop_user{anna.email});
    auto client = connect();
    caf::anon_send(client.session,
                   session_command{session_send{"1", message("good morning", conv)}});
    settle();
    erased.receive([](const result<user>& gone) { CHECK(gone); },
                   [](const caf::error&) { FAIL("no answer"); });
    CHECK(traces().empty());
    leave(client);
}
