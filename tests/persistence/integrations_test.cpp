#include "persistence/integrations.hpp"

#include "persistence/vault/sealed_columns.hpp"
#include "persistence/vault/sealing_key.hpp"
#include "tests/persistence/test_store.hpp"
#include "tests/persistence/vault/octets.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

const std::string first_secret = "the first secret, of 32 bytes or more";
const std::string second_secret = "the second secret, of 32 bytes or more";

integration google(const std::string& id, const std::string& user_id = "usr_1",
                   const std::string& label = "work") {
    return {.id = id,
            .user_id = user_id,
            .type = "google",
            .label = label,
            .scopes = "openid https://www.googleapis.com/auth/calendar",
            .settings = {{"calendars", {"a", "b"}}, {"Zoë", nullptr}},
            .created_at = at(1),
            .updated_at = at(2)};
}

integration_tokens tokens(const std::string& name) {
    return {.access = "ya29." + name, .refresh = "1//" + name, .access_expires_at = at(3600)};
}

/// Does what needs a transaction in one of its own.
template <class Work>
result<void> in_transaction(database& on, Work work) {
    auto change = transaction::begin(on);
    if (!change) return change.error();
    if (auto done = work(); !done) return done;
    return change->commit();
}

/// An empty store and a vault with one secret.
struct world {
    explicit world(const std::string& driver) : store(driver), opened(store.open()) {}

    result<void> create(const integration& fresh, const integration_tokens& with) {
        return in_transaction(*opened, [&] { return integrations.create(fresh, with); });
    }
    result<void> put(const std::string& id, const integration_tokens& with, timestamp now) {
        return in_transaction(*opened, [&] { return integrations.put_tokens(id, with, now); });
    }
    std::string seal(const std::string& column, const std::string& id) {
        const auto found =
            opened->execute("SELECT " + column + " FROM integrations WHERE id = $1", {id});
        REQUIRE(found);
        REQUIRE(found->size() == 1);
        return found->front().is_null(0) ? "" : found->front().text(0);
    }

    test_store store;
    std::unique_ptr<database> opened;
    std::shared_ptr<vault> keys = vault_of({first_secret});
    integration_repository integrations{*opened, *keys};
};

}  // namespace

TEST_CASE("an integration is created, found and listed", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    auto& integrations = with.integrations;
    REQUIRE(with.create(google("int_1"), tokens("one")));
    REQUIRE(with.create(google("int_2", "usr_1", "home"), {}));
    REQUIRE(with.create(google("int_3", "usr_2"), tokens("three")));
    CHECK(*integrations.find("int_1") == google("int_1"));
    CHECK(*integrations.find("int_4") == std::nullopt);
    CHECK(*integrations.find("usr_1", "google", "home") == google("int_2", "usr_1", "home"));
    CHECK(*integrations.find("usr_2", "google", "home") == std::nullopt);
    CHECK(*integrations.list("usr_1") ==
          std::vector<integration>{google("int_1"), google("int_2", "usr_1", "home")});
    CHECK(integrations.list("usr_3")->empty());

    CHECK(*integrations.tokens("int_1") == tokens("one"));
    CHECK(*integrations.tokens("int_2") == integration_tokens{});
    CHECK(*integrations.tokens("int_4") == std::nullopt);
}

TEST_CASE("a user has a label once for each type", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.create(google("int_1"), tokens("one")));
    CHECK(code_of(with.create(google("int_2"), tokens("two"))) == error_code::conflict);
    CHECK(code_of(with.create(google("int_1", "usr_9"), {})) == error_code::conflict);
    auto other = google("int_2");
    other.type = "slack";
    CHECK(with.create(other, tokens("two")));
    CHECK(*with.integrations.tokens("int_1") == tokens("one"));
}

TEST_CASE("tokens are replaced, and are the same after a restart", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.create(google("int_1"), tokens("one")));
    REQUIRE(with.put("int_1", tokens("two"), at(50)));
    CHECK(*with.integrations.tokens("int_1") == tokens("two"));
    CHECK((*with.integrations.find("int_1"))->updated_at == at(50));
    // All of them: a refresh token that is not given is gone.
    REQUIRE(with.put("int_1", {.access = "only"}, at(60)));
    CHECK(*with.integrations.tokens("int_1") == integration_tokens{.access = "only"});
    REQUIRE(with.put("int_1", {.access = "", .refresh = ""}, at(60)));
    CHECK(*with.integrations.tokens("int_1") == integration_tokens{.access = "", .refresh = ""});
    CHECK(code_of(with.put("int_2", tokens("two"), at(50))) == error_code::not_found);

    auto again = with.store.open();
    const auto keys = vault_of({first_secret});
    CHECK(*integration_repository(*again, *keys).tokens("int_1") ==
          integration_tokens{.access = "", .refresh = ""});
}

TEST_CASE("an integration's status changes, and it is removed", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    auto& integrations = with.integrations;
    REQUIRE(with.create(google("int_1"), tokens("one")));
    REQUIRE(integrations.set_status("int_1", integration_status::needs_reconnect, at(70)));
    auto expected = google("int_1");
    expected.status = integration_status::needs_reconnect;
    expected.updated_at = at(70);
    CHECK(*integrations.find("int_1") == expected);
    CHECK(code_of(integrations.set_status("int_2", integration_status::connected, at(70))) ==
          error_code::not_found);
    REQUIRE(integrations.remove("int_1"));
    CHECK(*integrations.find("int_1") == std::nullopt);
    CHECK(code_of(integrations.remove("int_1")) == error_code::not_found);
}

TEST_CASE("no plain token reaches the database", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    std::vector<std::string> said;
    watched_database watched(*with.opened, [&](std::string_view sql) {
        said.emplace_back(sql);
        return std::nullopt;
    });
    const integration_tokens secret{.access = "swordfish-access", .refresh = "swordfish-refresh"};
    integration_repository integrations(watched, *with.keys);
    REQUIRE(in_transaction(watched, [&] { return integrations.create(google("int_1"), secret); }));
    REQUIRE(
        in_transaction(watched, [&] { return integrations.put_tokens("int_1", secret, at(9)); }));
    for (const auto& sql : said) CHECK(sql.find("swordfish") == std::string::npos);
    const auto access = with.seal("access_token", "int_1");
    const auto refresh = with.seal("refresh_token", "int_1");
    const auto prefix = envelope_prefix(with.keys->newest());
    CHECK(access.starts_with(prefix));
    CHECK(refresh.starts_with(prefix));
    std::size_t values = 0;
    const auto read = with.opened->each("SELECT * FROM integrations", {}, [&](row& each) {
        for (std::size_t i = 0; i < each.size(); ++i) {
            std::string text;
            try {
                text = each.text(i);
            } catch (const unreadable_row&) {
                continue;
            }
            CHECK(text.find("swordfish") == std::string::npos);
            ++values;
        }
        return true;
    });
    REQUIRE(read);
    CHECK(values == 9);
}

TEST_CASE("a seal that was moved to another row or column does not open", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.create(google("int_1"), tokens("one")));
    REQUIRE(with.create(google("int_2", "usr_2"), tokens("two")));
    SECTION("of another user's integration") {
        REQUIRE(with.opened->execute("UPDATE integrations SET access_token = $1 WHERE id = 'int_2'",
                                     {with.seal("access_token", "int_1")}));
    }
    SECTION("of another column") {
        REQUIRE(with.opened->execute(
            "UPDATE integrations SET access_token = refresh_token WHERE id = 'int_2'"));
    }
    SECTION("of nothing that a vault made") {
        REQUIRE(with.opened->execute(
            "UPDATE integrations SET access_token = 'plain' WHERE id = 'int_2'"));
    }
    const auto read = with.integrations.tokens("int_2");
    REQUIRE_FALSE(read);
    CHECK(read.error() ==
          failure{error_code::internal, "a sealed value is damaged, or of another row"});
    CHECK(*with.integrations.tokens("int_1") == tokens("one"));
}

TEST_CASE("tokens of a secret that is not known are unavailable, not lost", "[integrations]") {
    world with(GENERATE(from_range(drivers())));
    REQUIRE(with.create(google("int_1"), tokens("one")));
    const auto stranger = vault_of({second_secret});
    integration_repository integrations(*with.opened, *stranger);
    CHECK(code_of(integrations.tokens("int_1")) == error_code::unavailable);
    // Nor does the stranger seal anything that the others could not open.
    const auto put = in_transaction(
        *with.opened, [&] { return integrations.put_tokens("int_1", tokens("two"), at(50)); });
    CHECK(code_of(put) == error_code::unavailable);
    CHECK(*with.integrations.tokens("int_1") == tokens("one"));
}

TEST_CASE("settings that are no JSON, and an unknown status, cannot be read", "[integrations]") {
    world with("sqlite");
    REQUIRE(with.create(google("int_1"), {}));
    const std::string change = GENERATE("settings = '{'", "status = 'unheard-of'");
    REQUIRE(with.opened->execute("UPDATE integrations SET " + change));
    CHECK(code_of(with.integrations.find("int_1")) == error_code::internal);
}
