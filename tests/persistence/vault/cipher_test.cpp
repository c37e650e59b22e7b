#include "persistence/vault/cipher.hpp"

#include "tests/persistence/vault/octets.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

using namespace perin;
using namespace perin::persistence;
using namespace perin::persistence::test;

namespace {

std::string derived(std::string_view secret, std::string_view salt, std::string_view info,
                    std::size_t length) {
    std::vector<std::uint8_t> out(length);
    REQUIRE(hkdf_sha256(secret, salt, info, out));
    return to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

/// The octets `from` to `to`, both included.
std::string range(int from, int to) {
    std::string octets;
    for (int octet = from; octet <= to; ++octet) octets += static_cast<char>(octet);
    return octets;
}

template <std::size_t Length>
std::array<std::uint8_t, Length> octets_of(std::string_view hex) {
    std::array<std::uint8_t, Length> out{};
    const auto octets = from_hex(hex);
    REQUIRE(octets.size() == Length);
    std::ranges::copy(octets, out.begin());
    return out;
}

}  // namespace

TEST_CASE("keys are derived as in the test vectors of RFC 5869, appendix A") {
    CHECK(derived(std::string(22, '\x0b'), range(0x00, 0x0c), range(0xf0, 0xf9), 42) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    CHECK(derived(range(0x00, 0x4f), range(0x60, 0xaf), range(0xb0, 0xff), 82) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
          "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    CHECK(derived(std::string(22, '\x0b'), "", "", 42) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("values are encrypted as in the test vectors 13 to 16 of the specification of GCM") {
    struct row {
        std::string key;
        std::string nonce;
        std::string plain;
        std::string associated;
        std::string sealed;
    };
    const std::string key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const std::string plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
        "49a6b525b16aedf5aa0de657ba637b39";
    const std::string encrypted =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
        "56828838c5f61e6393ba7a0abcc9f662";
    const auto rows = std::vector<row>{
        {std::string(64, '0'), std::string(24, '0'), "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {std::string(64, '0'), std::string(24, '0'), std::string(32, '0'), "",
         "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
        {key, "cafebabefacedbaddecaf888", plain + "1aafd255", "",
         encrypted + "898015adb094dac5d93471bdec1a502270e3cc6c"},
        {key, "cafebabefacedbaddecaf888", plain, "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         encrypted + "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    for (const auto& each : rows) {
        CAPTURE(each.sealed);
        const auto with = octets_of<cipher_key_octets>(each.key);
        const auto nonce = octets_of<cipher_nonce_octets>(each.nonce);
        const auto associated = from_hex(each.associated);
        const auto sealed = encrypt(with, nonce, associated, from_hex(each.plain));
        REQUIRE(sealed);
        CHECK(to_hex(*sealed) == each.sealed);
        const auto opened = decrypt(with, nonce, associated, *sealed);
        REQUIRE(opened);
        REQUIRE(*opened);
        CHECK(to_hex(**opened) == each.plain);
        const auto other = decrypt(with, nonce, associated + "x", *sealed);
        REQUIRE(other);
        CHECK_FALSE(*other);
    }
}

TEST_CASE("what is shorter than a tag is not opened") {
    const auto key = octets_of<cipher_key_octets>(std::string(64, '0'));
    const auto nonce = octets_of<cipher_nonce_octets>(std::string(24, '0'));
    for (std::size_t length = 0; length < cipher_tag_octets; ++length) {
        const auto opened = decrypt(key, nonce, "", std::string(length, 'x'));
        REQUIRE(opened);
        CHECK_FALSE(*opened);
    }
}
