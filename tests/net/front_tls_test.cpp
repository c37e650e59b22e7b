#include "tests/net/front_world.hpp"

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

using namespace perin;
using namespace perin::net;
using namespace std::chrono_literals;

namespace {

template <class T, void (*release)(T*)>
struct releaser {
    void operator()(T* one) const { release(one); }
};
using key_pointer = std::unique_ptr<EVP_PKEY, releaser<EVP_PKEY, EVP_PKEY_free>>;
using certificate_pointer = std::unique_ptr<X509, releaser<X509, X509_free>>;
using bio_pointer = std::unique_ptr<BIO, releaser<BIO, BIO_free_all>>;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// A key and a certificate for it that it has signed itself, both as PEM.
struct identity {
    std::string key;
    std::string certificate;
};

identity make_identity() {
    key_pointer key(EVP_EC_gen("P-256"));
    certificate_pointer made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key.get());
    auto* name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    REQUIRE(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
    bio_pointer key_text(BIO_new(BIO_s_mem()));
    bio_pointer certificate_text(BIO_new(BIO_s_mem()));
    REQUIRE(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                     nullptr) == 1);
    REQUIRE(PEM_write_bio_X509(certificate_text.get(), made.get()) == 1);
    return {text_of(key_text.get()), text_of(certificate_text.get())};
}

/// A front that speaks TLS, and what its clients need to trust it.
struct tls_world {
    identity self = make_identity();
    asio::ssl::context client = [this] {
        asio::ssl::context made(asio::ssl::context::tls_client);
        made.add_certificate_authority(asio::buffer(self.certificate));
        made.set_verify_mode(asio::ssl::verify_peer);
        return made;
    }();
    front_world world{front_world::unlimited(), [this] {
                          auto made =
                              std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
                          made->use_certificate_chain(asio::buffer(self.certificate));
                          made->use_private_key(asio::buffer(self.key), asio::ssl::context::pem);
                          return made;
                      }()};
};

const std::string me = front_world::request("GET", "/api/auth/me", front_world::bearer());
const std::string whole = R"("timezone":"UTC"})";

/// Lets the n-th operation below TLS fail.
class nth_fails final : public wire_faults {
  public:
    explicit nth_fails(std::size_t n) : n_(n) {}
    verdict next(operation) override {
        if (at_++ < n_) return {};
        struck = true;
        return {asio::error::connection_reset};
    }
    std::atomic<bool> struck = false;

  private:
    const std::size_t n_;
    std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("through TLS requests, streams and WebSockets are served, and browsers told to stay") {
    tls_world tls;
    raw_peer peer(tls.world.port(), &tls.client);
    REQUIRE(peer.handshaken());
    REQUIRE(peer.send(me));
    REQUIRE(peer.until(whole));
    CHECK(peer.received().find("\r\nStrict-Transport-Security: max-age=") != std::string::npos);
    REQUIRE(peer.send(front_world::chat()));
    REQUIRE(peer.until("\r\n0\r\n\r\n"));
    CHECK(peer.received().find("Good ") != std::string::npos);
    REQUIRE(peer.send(front_world::upgrade(front_world::bearer())));
    REQUIRE(peer.until(R"("type":"ready")"));
    REQUIRE(peer.send(text_frame(R"({"type":"chat.send","message":"hello"})")));
    CHECK(peer.until("turn.completed"));
    CHECK(tls.world.server().settings().url.starts_with("https://"));
}

TEST_CASE("a TLS connection that is closed after its answer ends with a farewell") {
    tls_world tls;
    raw_peer peer(tls.world.port(), &tls.client);
    REQUIRE(peer.send(front_world::request("GET", "/", "Connection: close\r\n")));
    CHECK(peer.to_end());
    CHECK(peer.received().starts_with("HTTP/1.1 200 "));
    CHECK(peer.closed_cleanly());
}

TEST_CASE("a TLS peer that falls silent holds no connection") {
    tls_world tls;
    SECTION("before the handshake") {
        raw_peer silent(tls.world.port());
        REQUIRE(tls.world.reaches([&] { return tls.world.server().open_connections() == 1; }));
        tls.world.settle();
        tls.world.advance(9'999ms);
        CHECK(tls.world.server().open_connections() == 1);
        tls.world.advance(1ms);
        CHECK(tls.world.rests());
    }
    SECTION("and does not answer the farewell after its time of rest") {
        raw_peer silent(tls.world.port(), &tls.client);
        REQUIRE(silent.send(me));
        REQUIRE(silent.until(whole));
        tls.world.settle();
        tls.world.advance(75s);
        CHECK(tls.world.server().open_connections() == 1);
        tls.world.advance(2s);
        CHECK(tls.world.rests());
    }
}

TEST_CASE("plain HTTP to a TLS port is answered by nothing but the end") {
    tls_world tls;
    raw_peer plain(tls.world.port());
    REQUIRE(plain.send(me));
    CHECK(plain.to_end());
    CHECK(plain.received().find("HTTP/") == std::string::npos);
    plain.reset();
    CHECK(tls.world.rests());
}

TEST_CASE("whichever operation below TLS fails, only that connection ends") {
    tls_world tls;
    bool passed = false;
    for (std::size_t n = 0; !passed; ++n) {
        INFO("fault at " << n);
        REQUIRE(n < 200);
        auto faults = std::make_shared<nth_fails>(n);
        tls.world.befall(faults);
        {
            raw_peer peer(tls.world.port(), &tls.client);
            passed = peer.handshaken() && peer.send(me) && peer.until(whole) &&
                     peer.send(front_world::upgrade(front_world::bearer())) &&
                     peer.until(R"("type":"ready")") &&
                     peer.send(text_frame(R"({"type":"chat.send","message":"hello"})")) &&
                     peer.until("turn.completed");
            // What is asked for last is written before the next read, which may fail as well.
            passed = passed && !faults->struck;
        }
        CHECK(tls.world.rests());
    }
    raw_peer next(tls.world.port(), &tls.client);
    REQUIRE(next.send(me));
    CHECK(next.until(whole));
}
