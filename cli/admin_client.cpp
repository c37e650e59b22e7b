#include "cli/admin_client.hpp"

#include "cli/account_json.hpp"
#include "domain/json.hpp"

#include <curl/curl.h>

#include <memory>

namespace perin::cli {

namespace {

constexpr long connect_ms = 2'000;
constexpr std::size_t longest_answer = std::size_t{64} << 20U;

struct easy_deleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct list_deleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using easy_handle = std::unique_ptr<CURL, easy_deleter>;
using header_list = std::unique_ptr<curl_slist, list_deleter>;

void append(header_list& list, const std::string& line) {
    if (auto* longer = curl_slist_append(list.get(), line.c_str())) {
        (void)list.release();
        list.reset(longer);
    }
}

/// curl's write callback: fewer bytes than offered end the transfer.
std::size_t receive(char* octets, std::size_t /*one*/, std::size_t count, void* into) {
    auto& body = *static_cast<std::string*>(into);
    if (body.size() + count > longest_answer) return 0;
    body.append(octets, count);
    return count;
}

failure of_transport(CURLcode code) {
    const std::string why = curl_easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return {error_code::upstream_timeout, "the server does not answer: " + why};
    }
    return {error_code::unavailable, "the server cannot be reached: " + why};
}

failure of_problem(long status, const std::string& body) {
    const auto problem = parse_json(body);
    const auto field = [&](const char* name) -> std::string {
        if (!problem || !problem->is_object()) return {};
        const auto found = problem->find(name);
        return found != problem->end() && found->is_string() ? found->get<std::string>() : "";
    };
    const auto code = error_code_of(field("code"));
    if (!code) {
        return {error_code::internal, "the server answered with status " + std::to_string(status)};
    }
    const auto detail = field("detail");
    return {*code, detail.empty() ? std::string(to_string(*code)) : detail, field("pointer"),
            field("parameter")};
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            out += '%';
            out += digits[octet >> 4U];
            out += digits[octet & 0xfU];
        }
    }
    return out;
}

result<std::string> admin_client::transfer(const std::string& method, const std::string& path,
                                           const std::optional<typed_body>& body,
                                           std::chrono::milliseconds timeout) const {
    const easy_handle handle(curl_easy_init());
    if (!handle) return failure{error_code::internal, "libcurl cannot be initialised"};
    const std::string url = base_ + path;
    std::string received;
    header_list headers;
    append(headers, "Authorization: Bearer " + token_);
    if (body) {
        append(headers, "Content-Type: " + body->type);
        // Else a large one waits a second for a server that need not say that it may come.
        append(headers, "Expect:");
    }

    auto* curl = handle.get();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    // The server is on this machine: a proxy of the environment is not for it.
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->text.c_str());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(body->text.size()));
    }
    if (const auto code = curl_easy_perform(curl); code != CURLE_OK) return of_transport(code);

    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) return of_problem(status, received);
    return received;
}

result<nlohmann::json> admin_client::call(const std::string& method, const std::string& path,
                                          const std::optional<nlohmann::json>& body) const {
    std::optional<typed_body> sent;
    if (body) sent = {"application/json", body->dump()};
    const auto received = transfer(method, path, sent);
    if (!received) return received.error();
    if (received->empty()) return nlohmann::json();
    auto answer = parse_json(*received);
    if (!answer) return failure{error_code::internal, "the server's answer cannot be read"};
    return answer;
}

result<terminal_session> admin_client::open_session(const std::optional<std::string>& email) const {
    const auto whose = email ? nlohmann::json(*email) : nlohmann::json();
    const auto answer = call("POST", "/private/sessions", nlohmann::json{{"email", whose}});
    if (!answer) return answer.error();
    const auto token = answer->is_object() ? answer->value("token", nlohmann::json()) : *answer;
    auto account = user_of(answer->is_object() ? answer->value("user", nlohmann::json()) : *answer);
    if (!account) return account.error();
    if (!token.is_string()) {
        return failure{error_code::internal, "the server's answer cannot be read"};
    }
    return terminal_session{token.get<std::string>(), std::move(*account)};
}

}  // namespace perin::cli
