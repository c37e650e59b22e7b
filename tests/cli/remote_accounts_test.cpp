#include "cli/remote_accounts.hpp"

#include "cli/account_json.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

#include <thread>

using namespace perin;
using namespace perin::cli;
using nlohmann::json;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

/// Answers one request with what it was given and keeps what it received.
class one_answer_server {
  public:
    one_answer_server(unsigned status, std::string body)
        : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
          port_(acceptor_.local_endpoint().port()),
          thread_([this, status, body = std::move(body)] { answer(status, body); }) {}
    one_answer_server(const one_answer_server&) = delete;
    one_answer_server& operator=(const one_answer_server&) = delete;
    ~one_answer_server() {
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] remote_accounts accounts() const { return remote_accounts(client()); }

    [[nodiscard]] admin_client client() const {
        return admin_client(run_file{.url = "",
                                     .admin = "http://127.0.0.1:" + std::to_string(port_),
                                     .pid = 1,
                                     .token = "secret-token",
                                     .node = "n"});
    }

    /// What came; waits for it.
    [[nodiscard]] const http::request<http::string_body>& received() {
        thread_.join();
        return request_;
    }

  private:
    void answer(unsigned status, const std::string& body) {
        auto socket = acceptor_.accept();
        boost::beast::flat_buffer buffer;
        http::read(socket, buffer, request_);
        http::response<http::string_body> response(http::int_to_status(status), 11, body);
        response.keep_alive(false);
        if (status != 204) response.prepare_payload();
        http::write(socket, response);
    }

    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    http::request<http::string_body> request_;
    std::thread thread_;
};

user ada() {
    return {.id = "usr_1",
            .email = "ada@b.c",
            .name = "Ada",
            .timezone = "UTC",
            .admin = true,
            .created_at = *from_rfc3339("2026-12-01T10:00:00Z")};
}

}  // namespace

TEST_CASE("a user is added through the server with its token") {
    one_answer_server server(201, json_of(ada()).dump());
    const auto added = server.accounts().add({.email = "ada@b.c",
                                              .name = "Ada",
                                              .timezone = "UTC",
                                              .admin = true,
                                              .password = "12345678"});
    REQUIRE(added);
    CHECK(*added == ada());
    const auto& request = server.received();
    CHECK(request.method() == http::verb::post);
    CHECK(request.target() == "/private/users");
    CHECK(request[http::field::authorization] == "Bearer secret-token");
    CHECK(request[http::field::content_type] == "application/json");
    CHECK(json::parse(request.body()) == json{{"email", "ada@b.c"},
                                              {"name", "Ada"},
                                              {"timezone", "UTC"},
                                              {"admin", true},
                                              {"password", "12345678"}});
}

TEST_CASE("the tokens of a user are read from the server") {
    const access_token token{.id = "tok_1",
                             .user_id = "",
                             .kind = token_kind::session,
                             .label = "laptop",
                             .created_at = *from_rfc3339("2026-12-01T10:00:00Z"),
                             .expires_at = {},
                             .last_used_at = *from_rfc3339("2026-12-02T10:00:00Z")};
    one_answer_server server(200, json{{"items", {json_of(token)}}}.dump());
    const auto tokens = server.accounts().tokens("a+b@b.c");
    REQUIRE(tokens);
    CHECK(*tokens == std::vector{token});
    CHECK(server.received().target() == "/private/tokens?email=a%2Bb%40b.c");
}

TEST_CASE("an answer without content is a success") {
    one_answer_server server(204, "");
    CHECK(server.accounts().change_password("ada@b.c", "12345678"));
    CHECK(server.received().target() == "/private/users/passwd");
}

TEST_CASE("a token and a session are made by the server") {
    one_answer_server tokens(201, R"({"id":"tok_1","token":"prn_x","label":"",
        "createdAt":"2026-12-01T10:00:00Z","expiresAt":null})");
    const auto made = tokens.accounts().create_token({.email = "ada@b.c", .label = ""});
    REQUIRE(made);
    CHECK(made->text == "prn_x");
    CHECK(json::parse(tokens.received().body())["expiresAt"].is_null());

    one_answer_server sessions(201, json{{"token", "ses_x"}, {"user", json_of(ada())}}.dump());
    const auto session = sessions.client().open_session({});
    REQUIRE(session);
    CHECK(session->token == "ses_x");
    CHECK(session->account == ada());
    CHECK(json::parse(sessions.received().body()) == json{{"email", nullptr}});
}

TEST_CASE("a problem of the server is the failure of its code") {
    struct row {
        unsigned status;
        std::string body;
        error_code code;
        std::string detail;
    };
    const auto rows = std::vector<row>{
        {409, R"({"code":"conflict","detail":"there is already one"})", error_code::conflict,
         "there is already one"},
        {404, R"({"code":"not_found"})", error_code::not_found, "not_found"},
        {401, R"({"code":"unauthenticated","detail":"no"})", error_code::unauthenticated, "no"},
        {500, "<html>", error_code::internal, "the server answered with status 500"},
        {503, R"({"code":"of another kind"})", error_code::internal,
         "the server answered with status 503"},
        {302, "", error_code::internal, "the server answered with status 302"},
        {200, "no JSON", error_code::internal, "the server's answer cannot be read"},
        {200, "[]", error_code::internal, "the server's answer cannot be read"},
        {200, R"({"id":1})", error_code::internal, "the server's answer cannot be read"},
    };
    for (const auto& [status, body, code, detail] : rows) {
        CAPTURE(status, body);
        one_answer_server server(status, body);
        const auto added = server.accounts().add({});
        REQUIRE_FALSE(added);
        CHECK(added.error().code == code);
        CHECK(added.error().detail == detail);
    }
}

TEST_CASE("a server that is not there is unavailable") {
    asio::io_context context;
    asio::ip::tcp::acceptor taken(context, {asio::ip::address_v4::loopback(), 0});
    const auto port = taken.local_endpoint().port();
    taken.close();
    const admin_client client(run_file{.url = "",
                                       .admin = "http://127.0.0.1:" + std::to_string(port),
                                       .pid = 1,
                                       .token = "t",
                                       .node = "n"});
    const auto answer = client.call("GET", "/private/users");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == error_code::unavailable);
}
