#include "persistence/vault/vault.hpp"

#include "domain/text.hpp"
#include "tests/persistence/test_store.hpp"
#include "tests/persistence/vault/octets.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <type_traits>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

const std::string first_secret = "the first secret, of 32 bytes or more";
const std::string second_secret = "the second secret, of 32 bytes or more";

constexpr sealed_place place{.table = "integrations", .row = "int_1", .column = "access_token"};

std::string sealed_by(vault& keys, std::string_view plain) {
    auto sealed = keys.seal(keys.newest(), place, plain);
    REQUIRE(sealed);
    return *sealed;
}

/// What becomes of a seal: the plain text, `unknown` or `damaged`.
std::string fate(vault& keys, std::string_view text, const sealed_place& where = place) {
    const auto found = keys.inspect(where, text);
    REQUIRE(found);
    if (const auto* plain = std::get_if<std::string>(&*found)) return *plain;
    return std::get<seal_flaw>(*found) == seal_flaw::damaged ? "damaged" : "unknown";
}

}  // namespace

static_assert(!std::is_copy_constructible_v<vault_key> && !std::is_move_constructible_v<vault_key>);
static_assert(!std::is_copy_constructible_v<vault>);

TEST_CASE("a value comes back as it was sealed", "[vault]") {
    const auto keys = vault_of({first_secret});
    std::mt19937 random(1);
    std::string every;
    for (int octet = 0; octet < 256; ++octet) every += static_cast<char>(octet);
    for (const auto& plain :
         {std::string(), std::string("ya29.token"), std::string(1, '\0'), std::string("Zoë"), every,
          every.substr(0, 15), every.substr(0, 16), every.substr(0, 17)}) {
        const auto text = sealed_by(*keys, plain);
        CHECK(fate(*keys, text) == plain);
        CHECK(*keys->open(place, text) == plain);
        // It can be kept in a column of text, and in a URL.
        CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_.") == std::string::npos);
        if (plain.size() > 3) CHECK(text.find(plain) == std::string::npos);
    }
}

TEST_CASE("a value is sealed up to its bound, and refused past it", "[vault]") {
    const auto keys = vault_of({first_secret});
    const std::string longest(most_sealed_octets, 'x');
    const auto text = sealed_by(*keys, longest);
    CHECK(fate(*keys, text) == longest);
    CHECK(code_of(keys->seal(keys->newest(), place, longest + "x")) == error_code::invalid_request);
    CHECK(fate(*keys, text + std::string(64 * 1024 * 1024, 'A')) == "damaged");
}

TEST_CASE("the same value is never sealed into the same text twice", "[vault]") {
    const auto keys = vault_of({first_secret});
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) CHECK(seen.insert(sealed_by(*keys, "token")).second);
}

TEST_CASE("the envelope is the one that rows on disk bear", "[vault]") {
    const auto keys = vault::make(std::string(sealed_columns_purpose), always({first_secret}),
                                  [](std::span<std::uint8_t> out) {
                                      std::uint8_t next = 0;
                                      for (auto& octet : out) octet = next++;
                                  });
    REQUIRE(keys);
    const auto text = sealed_by(**keys, "a token");
    CHECK(text == "v1.ufdmOyGsLdw.AAECAwQFBgcICQoLTjNUovJy_-H7DH3cG7nHRKvoxG93x4k");
    CHECK(fate(*vault_of({first_secret}), text) == "a token");
    CHECK(text.starts_with(envelope_prefix((*keys)->newest())));
    CHECK(envelope_prefix((*keys)->newest()).size() == 15);
}

TEST_CASE("every single bit of an envelope counts", "[vault]") {
    const auto keys = vault_of({first_secret});
    for (const std::size_t length : {0U, 1U, 2U, 3U, 40U}) {
        const auto text = sealed_by(*keys, std::string(length, 't'));
        for (std::size_t i = 0; i < text.size(); ++i) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                auto other = text;
                other[i] = static_cast<char>(static_cast<unsigned char>(other[i]) ^ (1U << bit));
                CAPTURE(text, i, bit);
                const auto is = fate(*keys, other);
                CHECK((is == "damaged" || (is == "unknown" && i >= 3 && i < 14)));
            }
        }
    }
}

TEST_CASE("every single bit below the text of an envelope counts", "[vault]") {
    const auto keys = vault_of({first_secret});
    const auto from = envelope_of(sealed_by(*keys, "a token"));
    REQUIRE(from);
    const auto flipped = [](std::string octets, std::size_t bit) {
        octets[bit / 8] =
            static_cast<char>(static_cast<unsigned char>(octets[bit / 8]) ^ (1U << (bit % 8)));
        return octets;
    };
    for (std::size_t bit = 0; bit < from->nonce.size() * 8; ++bit) {
        auto other = *from;
        other.nonce = flipped(other.nonce, bit);
        CHECK(fate(*keys, to_text(other)) == "damaged");
    }
    for (std::size_t bit = 0; bit < from->sealed.size() * 8; ++bit) {
        auto other = *from;
        other.sealed = flipped(other.sealed, bit);
        CHECK(fate(*keys, to_text(other)) == "damaged");
    }
}

TEST_CASE("an envelope that was cut or lengthened anywhere is refused", "[vault]") {
    const auto keys = vault_of({first_secret});
    const auto text = sealed_by(*keys, "a token that is somewhat longer");
    for (std::size_t length = 0; length < text.size(); ++length) {
        CAPTURE(length);
        CHECK(fate(*keys, text.substr(0, length)) == "damaged");
        CHECK(fate(*keys, text.substr(text.size() - length)) == "damaged");
        for (const char extra : {'A', '.', '=', ' ', '\n', '\0'}) {
            auto longer = text;
            longer.insert(length, 1, extra);
            CHECK(fate(*keys, longer) != "a token that is somewhat longer");
        }
    }
    for (const auto* end : {"A", "AA", "AAAA", "=", "==", "\n", " "}) {
        CHECK(fate(*keys, text + end) == "damaged");
    }
}

TEST_CASE("a value opens in its place only", "[vault]") {
    const auto keys = vault_of({first_secret});
    const auto text = sealed_by(*keys, "token");
    const auto places = std::vector<sealed_place>{
        {.table = "integrations", .row = "int_2", .column = "access_token"},
        {.table = "integrations", .row = "int_1", .column = "refresh_token"},
        {.table = "bookings", .row = "int_1", .column = "access_token"},
        {.table = "", .row = "", .column = ""},
        // The same letters, cut elsewhere.
        {.table = "integration", .row = "sint_1", .column = "access_token"},
        {.table = "integrations", .row = "int_1a", .column = "ccess_token"},
    };
    for (const auto& other : places) {
        CAPTURE(other.table, other.row, other.column);
        CHECK(fate(*keys, text, other) == "damaged");
        CHECK(code_of(keys->open(other, text)) == error_code::internal);
    }
}

TEST_CASE("a value opens for its purpose and with its secret only", "[vault]") {
    const auto keys = vault_of({first_secret});
    const auto text = sealed_by(*keys, "token");
    CHECK(fate(*vault_of({first_secret}, "something else"), text) == "unknown");
    CHECK(fate(*vault_of({second_secret}), text) == "unknown");
    CHECK(code_of(vault_of({second_secret})->open(place, text)) == error_code::unavailable);
    CHECK(fate(*vault_of({second_secret, first_secret}), text) == "token");
    CHECK(vault_of({first_secret}, "something else")->newest() != keys->newest());

    // Also where the key's name is forged.
    const auto other = vault_of({second_secret});
    auto forged = envelope_of(text);
    REQUIRE(forged);
    forged->key_id = other->newest();
    CHECK(fate(*other, to_text(*forged)) == "damaged");
}

TEST_CASE("several secrets are known at once, and any of them seals", "[vault]") {
    const auto both = vault_of({second_secret, first_secret, second_secret});
    const auto ids = both->known();
    REQUIRE(ids.size() == 2);
    CHECK(ids[0] == vault_of({second_secret})->newest());
    CHECK(ids[1] == vault_of({first_secret})->newest());
    CHECK(both->newest() == ids[0]);
    const auto old = both->seal(ids[1], place, "old");
    REQUIRE(old);
    CHECK(fate(*vault_of({first_secret}), *old) == "old");
    CHECK(fate(*both, *old) == "old");
    CHECK(fate(*both, sealed_by(*both, "new")) == "new");
    CHECK(code_of(both->seal("AAAAAAAAAAA", place, "x")) == error_code::unavailable);
}

TEST_CASE("a secret that comes later is asked for once it is needed", "[vault]") {
    std::vector<std::string> now = {first_secret};
    int asked = 0;
    const auto made = vault::make(std::string(sealed_columns_purpose), [&] {
        ++asked;
        return result<std::vector<std::string>>(now);
    });
    REQUIRE(made);
    auto& keys = **made;
    const auto old = sealed_by(keys, "old");
    CHECK(asked == 1);
    now = {second_secret};
    CHECK(fate(keys, old) == "old");
    CHECK(asked == 1);
    const auto fresh = sealed_by(*vault_of({second_secret}), "new");
    CHECK(fate(keys, fresh) == "new");
    CHECK(asked == 2);
    CHECK(keys.newest() == vault_of({second_secret})->newest());
    // What was on its way meanwhile opens still.
    CHECK(fate(keys, old) == "old");
    CHECK(asked == 2);
    CHECK_FALSE(keys.knows("AAAAAAAAAAA"));
    CHECK(asked == 3);
}

TEST_CASE("secrets that cannot be read again leave those that were", "[vault]") {
    bool broken = false;
    const auto made =
        vault::make(std::string(sealed_columns_purpose), [&]() -> result<std::vector<std::string>> {
            if (broken) return failure{error_code::forbidden, "/some/path: cannot be read"};
            return std::vector<std::string>{first_secret};
        });
    REQUIRE(made);
    auto& keys = **made;
    const auto text = sealed_by(keys, "token");
    broken = true;
    CHECK(fate(keys, text) == "token");
    const auto other = keys.inspect(place, sealed_by(*vault_of({second_secret}), "token"));
    REQUIRE_FALSE(other);
    CHECK(other.error() == failure{error_code::unavailable, "the secrets cannot be read"});
    CHECK_FALSE(keys.knows("AAAAAAAAAAA"));
    CHECK(keys.known().size() == 1);
}

TEST_CASE("a vault needs a secret", "[vault]") {
    CHECK(code_of(vault::make(std::string(sealed_columns_purpose), always({}))) ==
          error_code::internal);
    const auto refused = vault::make(std::string(sealed_columns_purpose), [] {
        return result<std::vector<std::string>>(failure{error_code::forbidden, "closed"});
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail == "closed");
}

TEST_CASE("what no vault made is damaged, whatever it is", "[vault]") {
    const auto keys = vault_of({first_secret});
    const auto real = sealed_by(*keys, "a token");
    std::mt19937 random(20260101);
    const auto number = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    const std::string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        if (round % 4 == 0) {
            text.resize(number(100));
            for (char& each : text) each = static_cast<char>(number(256));
        } else if (round % 4 == 1) {
            text.resize(number(100));
            for (char& each : text) each = letters[number(letters.size())];
        } else if (round % 4 == 2) {
            text = real.substr(0, 15);
            const auto length = number(100);
            for (std::size_t i = 0; i < length; ++i) text += letters[number(letters.size())];
        } else {
            text = real;
            for (auto changes = number(4) + 1; changes > 0; --changes) {
                text[number(text.size())] = letters[number(letters.size())];
            }
            if (text == real) continue;
        }
        CAPTURE(text);
        REQUIRE(fate(*keys, text) != "a token");
        const auto opened = keys->open(place, text);
        REQUIRE_FALSE(opened);
        const auto& detail = opened.error().detail;
        REQUIRE((detail == "a sealed value is damaged, or of another row" ||
                 detail == "the secret that this was sealed with is not known"));
    }
}

TEST_CASE("threads share a vault while its secrets change", "[vault]") {
    std::mutex guard;
    std::vector<std::string> now = {first_secret};
    const auto made = vault::make(std::string(sealed_columns_purpose), [&] {
        const std::lock_guard locked(guard);
        return result<std::vector<std::string>>(now);
    });
    REQUIRE(made);
    const auto old = sealed_by(**made, "old");
    const auto fresh = sealed_by(*vault_of({second_secret}), "new");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 500; ++round) {
                if (i == 0 && round == 100) {
                    const std::lock_guard locked(guard);
                    now = {second_secret, first_secret};
                }
                const auto opened = (*made)->open(place, old);
                if (!opened || *opened != "old") ++wrong;
                const auto later = (*made)->open(place, fresh);
                if (later && *later != "new") ++wrong;
                const auto sealed = (*made)->seal((*made)->newest(), place, "x");
                if (!sealed || *(*made)->open(place, *sealed) != "x") ++wrong;
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(wrong == 0);
    CHECK(*(*made)->open(place, fresh) == "new");
}
