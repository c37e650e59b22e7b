#include "persistence/vault/resealing.hpp"

#include "persistence/integrations.hpp"
#include "persistence/open_database.hpp"
#include "persistence/vault/sealing_key.hpp"
#include "tests/persistence/test_store.hpp"
#include "tests/persistence/vault/octets.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

const std::string first_secret = "the first secret, of 32 bytes or more";
const std::string second_secret = "the second secret, of 32 bytes or more";
const std::string third_secret = "the third secret, of 32 bytes or more";

integration_tokens tokens(const std::string& name) {
    return {.access = "access of " + name, .refresh = "refresh of " + name};
}

std::string id_of(int number) {
    const auto text = std::to_string(number);
    return "int_" + std::string(5 - text.size(), '0') + text;
}

/// Does it in a transaction of its own.
template <class Work>
result<void> in_transaction(database& on, Work work) {
    auto change = transaction::begin(on);
    if (!change) return change.error();
    if (auto done = work(); !done) return done;
    return change->commit();
}

/// Integrations from `first` to before `end`, sealed by `keys`, in one transaction.
void fill(database& on, vault& keys, int first, int end) {
    integration_repository integrations(on, keys);
    const auto filled = in_transaction(on, [&]() -> result<void> {
        for (int i = first; i < end; ++i) {
            const integration fresh{
                .id = id_of(i), .user_id = "usr_1", .type = "google", .label = id_of(i)};
            if (auto made = integrations.create(fresh, tokens(id_of(i))); !made) return made;
        }
        return {};
    });
    REQUIRE(filled);
}

/// An authorization whose verifier is sealed.
void add_authorization(database& on, vault& keys, const std::string& hash) {
    const auto added = in_transaction(on, [&]() -> result<void> {
        const auto key = sealing_key_repository(on, sealed_columns_purpose).claim(keys, 1);
        if (!key) return key.error();
        const auto sealed = keys.seal(*key, verifier_column.place_of(hash), "verifier of " + hash);
        if (!sealed) return sealed.error();
        const auto written = on.execute(
            "INSERT INTO authorizations (state_hash, user_id, type, label, verifier, created_at, "
            "expires_at) VALUES ($1, 'usr_1', 'google', '', $2, 1, 2)",
            {hash, *sealed});
        if (!written) return written.error();
        return {};
    });
    REQUIRE(added);
}

/// What the verifier was; nothing where it does not open.
std::optional<std::string> verifier(database& on, vault& keys, const std::string& hash) {
    const auto found =
        on.execute("SELECT verifier FROM authorizations WHERE state_hash = $1", {hash});
    if (!found || found->empty()) return std::nullopt;
    const auto opened = keys.open(verifier_column.place_of(hash), found->front().text(0));
    return opened ? std::optional(*opened) : std::nullopt;
}

/// Seals all again; the counts.
result<resealing_counts> reseal(database& on, vault& keys,
                                unopened_values unopened = unopened_values::keep) {
    resealing all(on, keys, unopened);
    if (auto begun = all.begin(); !begun) return begun.error();
    for (;;) {
        const auto more = all.step();
        if (!more) return more.error();
        if (!*more) return all.counts();
    }
}

/// How many integrations have the tokens that `fill` gave them, by these secrets alone.
int whole(database& on, std::vector<std::string> secrets, int end) {
    const auto keys = vault_of(std::move(secrets));
    integration_repository integrations(on, *keys);
    int count = 0;
    for (int i = 0; i < end; ++i) {
        const auto found = integrations.tokens(id_of(i));
        if (found && *found == tokens(id_of(i))) ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("all values are sealed again, and the old secret opens none", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 230);
    add_authorization(*opened, *vault_of({first_secret}), "hash");
    const auto both = vault_of({second_secret, first_secret});
    CHECK(*reseal(*opened, *both) == resealing_counts{.sealed = 461});
    CHECK(whole(*opened, {second_secret}, 230) == 230);
    CHECK(whole(*opened, {first_secret}, 230) == 0);
    CHECK(verifier(*opened, *vault_of({second_secret}), "hash") == "verifier of hash");
    CHECK(*sealing_key_repository(*opened, sealed_columns_purpose).find() ==
          sealing_key{.id = both->newest(), .sealed = 461});
    // Once more finds nothing to do.
    CHECK(*reseal(*opened, *both) == resealing_counts{});
    CHECK(*reseal(*opened, *vault_of({second_secret})) == resealing_counts{});
}

TEST_CASE("an empty database is sealed again, and the newest secret seals", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    CHECK(*reseal(*opened, *vault_of({second_secret, first_secret})) == resealing_counts{});
    fill(*opened, *vault_of({second_secret, first_secret}), 0, 1);
    CHECK(whole(*opened, {second_secret}, 1) == 1);
}

TEST_CASE("a value that nobody can open stays, unless it is given up", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 3);
    add_authorization(*opened, *vault_of({first_secret}), "hash");
    REQUIRE(opened->execute("UPDATE integrations SET access_token = refresh_token WHERE id = $1",
                            {id_of(1)}));
    REQUIRE(reseal(*opened, *vault_of({third_secret, first_secret})));
    fill(*opened, *vault_of({third_secret}), 3, 4);

    // The third secret is not known: three values of the first rows, and those of the fourth.
    const auto keys = vault_of({second_secret, first_secret});
    CHECK(*reseal(*opened, *keys) == resealing_counts{.unopened = 9});
    CHECK(whole(*opened, {third_secret}, 4) == 3);
    CHECK(verifier(*opened, *vault_of({third_secret}), "hash") == "verifier of hash");

    CHECK(*reseal(*opened, *keys, unopened_values::remove) == resealing_counts{.removed = 9});
    CHECK(verifier(*opened, *vault_of({third_secret}), "hash") == std::nullopt);
    integration_repository integrations(*opened, *keys);
    for (int i = 0; i < 4; ++i) {
        CHECK(*integrations.tokens(id_of(i)) == integration_tokens{});
        CHECK((*integrations.find(id_of(i)))->status == integration_status::needs_reconnect);
    }
    // And they can be connected again.
    CHECK(in_transaction(
        *opened, [&] { return integrations.put_tokens(id_of(1), tokens(id_of(1)), at(1)); }));
    CHECK(whole(*opened, {second_secret}, 4) == 1);
}

TEST_CASE("only what is damaged is given up with it", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 3);
    REQUIRE(opened->execute("UPDATE integrations SET access_token = refresh_token WHERE id = $1",
                            {id_of(1)}));
    const auto keys = vault_of({second_secret, first_secret});
    CHECK(*reseal(*opened, *keys, unopened_values::remove) ==
          resealing_counts{.sealed = 5, .removed = 1});
    CHECK(whole(*opened, {second_secret}, 3) == 2);
    CHECK(*integration_repository(*opened, *keys).tokens(id_of(1)) ==
          integration_tokens{.refresh = "refresh of " + id_of(1)});
}

TEST_CASE("secrets that cannot be read stop it, and nothing is given up", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 2);
    bool broken = false;
    const auto made =
        vault::make(std::string(sealed_columns_purpose), [&]() -> result<std::vector<std::string>> {
            if (broken) return failure{error_code::internal, "closed"};
            return std::vector<std::string>{second_secret};
        });
    REQUIRE(made);
    broken = true;
    CHECK(code_of(reseal(*opened, **made, unopened_values::remove)) == error_code::unavailable);
    CHECK(whole(*opened, {first_secret}, 2) == 2);
}

TEST_CASE("it stops where another secret has come to seal meanwhile", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 150);
    const auto second = vault_of({second_secret, first_secret, third_secret});
    resealing all(*opened, *second, unopened_values::keep);
    REQUIRE(all.begin());
    REQUIRE(*all.step());
    const auto third = vault_of({third_secret, second_secret, first_secret});
    REQUIRE(resealing(*opened, *third, unopened_values::keep).begin());
    CHECK(code_of(all.step()) == error_code::conflict);
    CHECK(*reseal(*opened, *third) == resealing_counts{.sealed = 300});
    CHECK(whole(*opened, {third_secret}, 150) == 150);
}

TEST_CASE("a statement that fails undoes its batch, which may be tried again", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    fill(*opened, *vault_of({first_secret}), 0, 5);
    const auto both = vault_of({second_secret, first_secret});
    bool ended = false;
    for (int n = 1; !ended; ++n) {
        int left = n;
        watched_database watched(*opened, [&](std::string_view) -> std::optional<failure> {
            if (--left != 0) return std::nullopt;
            return failure{error_code::unavailable, "the database is busy"};
        });
        resealing all(watched, *both, unopened_values::keep);
        int failures = 0;
        auto begun = all.begin();
        if (!begun) {
            ++failures;
            begun = all.begin();
        }
        REQUIRE(begun);
        for (;;) {
            const auto more = all.step();
            if (!more) ++failures;
            if (more && !*more) break;
        }
        CAPTURE(n);
        CHECK(failures == (left <= 0 ? 1 : 0));
        CHECK(all.counts().sealed == 10);
        CHECK(whole(*opened, {second_secret}, 5) == 5);
        // Back, for the next round.
        REQUIRE(reseal(*opened, *vault_of({first_secret, second_secret})));
        ended = left > 0;
    }
}

TEST_CASE("it may be killed at any statement, and nothing is lost", "[vault][crash]") {
    test_store store(GENERATE(from_range(drivers())));
    fill(*store.open(), *vault_of({first_secret}), 0, 4);
    std::set<int> sealed_so_far;
    bool ended = false;
    int kills = 0;
    for (int n = 1; !ended; ++n) {
        REQUIRE(n < 1000);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto opened = open_database(store.location());
            if (!opened) ::_exit(2);
            int left = n;
            watched_database watched(**opened, [&](std::string_view) -> std::optional<failure> {
                if (--left == 0) ::kill(::getpid(), SIGKILL);
                return std::nullopt;
            });
            const auto done = reseal(watched, *vault_of({second_secret, first_secret}));
            ::_exit(done ? 0 : 3);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        ended = WIFEXITED(status);
        if (ended) {
            REQUIRE(WEXITSTATUS(status) == 0);
        } else {
            REQUIRE(WTERMSIG(status) == SIGKILL);
            ++kills;
        }
        auto opened = store.open();
        CAPTURE(n);
        CHECK(whole(*opened, {second_secret, first_secret}, 4) == 4);
        sealed_so_far.insert(whole(*opened, {second_secret}, 4));
        // From the start, as the one that was killed found it.
        if (!ended) REQUIRE(reseal(*opened, *vault_of({first_secret, second_secret})));
    }
    CHECK(kills > 15);
    // Killed before the first batch, between the two columns, and not at all.
    CHECK(sealed_so_far == std::set<int>{0, 4});
    CHECK(whole(*store.open(), {second_secret}, 4) == 4);
}

TEST_CASE("tokens are written as fast as can be while all is sealed again", "[vault]") {
    test_store store(GENERATE(from_range(drivers())));
    auto opened = store.open();
    constexpr int count = 250;
    fill(*opened, *vault_of({first_secret}), 0, count);

    // What the files of the secrets hold.
    std::mutex guard;
    std::vector<std::string> files = {first_secret};
    const auto writers_keys = vault::make(std::string(sealed_columns_purpose), [&] {
        const std::lock_guard locked(guard);
        return result<std::vector<std::string>>(files);
    });
    REQUIRE(writers_keys);
    auto second = store.open();
    std::map<int, std::string> written;
    std::atomic<bool> enough = false;
    std::atomic<int> rounds = 0;
    int failures = 0;
    std::thread writer([&] {
        integration_repository integrations(*second, **writers_keys);
        for (int i = 0; !enough; ++i) {
            const int number = i * 37 % count;
            const auto name = "round " + std::to_string(i);
            const auto put = in_transaction(*second, [&] {
                return integrations.put_tokens(id_of(number), tokens(name), at(i));
            });
            if (put) {
                written[number] = name;
            } else {
                ++failures;
            }
            const auto back = integrations.tokens(id_of(number));
            if (put && (!back || *back != tokens(name))) ++failures;
            ++rounds;
        }
    });
    while (rounds < 20) std::this_thread::yield();
    {
        const std::lock_guard locked(guard);
        files = {second_secret, first_secret};
    }
    const auto both = vault_of({second_secret, first_secret});
    auto counts = reseal(*opened, *both);
    // A writer that never rests may keep it from its turn on a slow disk: an operator tries again.
    for (int again = 0; again < 5 && code_of(counts) == error_code::unavailable; ++again) {
        counts = reseal(*opened, *both);
    }
    const int then = rounds;
    {
        // The old secret is gone at once: nothing may be sealed with it any more.
        const std::lock_guard locked(guard);
        files = {second_secret};
    }
    while (rounds < then + 20) std::this_thread::yield();
    enough = true;
    writer.join();
    REQUIRE(counts);
    CHECK(counts->unopened == 0);
    CHECK(failures == 0);

    const auto only = vault_of({second_secret});
    integration_repository integrations(*opened, *only);
    for (int i = 0; i < count; ++i) {
        CAPTURE(i);
        const auto name = written.contains(i) ? written[i] : id_of(i);
        const auto found = integrations.tokens(id_of(i));
        REQUIRE(found);
        CHECK(*found == tokens(name));
    }
}

TEST_CASE("every column that is named like a secret is known as sealed", "[vault]") {
    test_store store("sqlite");
    auto opened = store.open();
    const auto columns = opened->execute(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c "
        "WHERE t.type = 'table' AND (c.name LIKE '%token' OR c.name LIKE '%verifier' "
        "OR c.name LIKE '%secret%' OR c.name LIKE '%password') ORDER BY 1, 2");
    REQUIRE(columns);
    std::set<std::string> found;
    for (const auto& each : *columns) found.insert(each.text(0) + "." + each.text(1));
    std::set<std::string> known;
    for (const auto& each : sealed_columns()) {
        known.insert(std::string(each.table) + "." + std::string(each.column));
    }
    CHECK(found == known);
}
