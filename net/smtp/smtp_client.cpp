#include "net/smtp/smtp_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace perin::net {

namespace {

struct unread {
    std::string_view left;
};

std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
    auto& text = *static_cast<unread*>(from);
    const auto part = std::min(size * count, text.left.size());
    std::memcpy(to, text.left.data(), part);
    text.left.remove_prefix(part);
    return part;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct parsed_url {
    bool password = false;
    bool here = false;
};

parsed_url look_at(const std::string& url) {
    const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
    parsed_url out;
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(),
                                CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return out;
    char* text = nullptr;
    if (curl_url_get(parsed.get(), CURLUPART_PASSWORD, &text, 0) == CURLUE_OK) {
        out.password = true;
        curl_free(text);
    }
    if (curl_url_get(parsed.get(), CURLUPART_HOST, &text, 0) == CURLUE_OK) {
        const std::string_view host(text);
        out.here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        curl_free(text);
    }
    return out;
}

/// Nothing of what the server said is in it: that may name the recipient.
failure failure_of(CURLcode how, long said) {
    if (said >= 550 && said <= 553)
        return {error_code::invalid_request, "the mail server does not take mail to that address"};
    if (said >= 400 && said < 500)
        return {error_code::unavailable, "the mail server says to come later"};
    switch (how) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
            return {error_code::unavailable, "the mail server cannot be reached"};
        case CURLE_OPERATION_TIMEDOUT:
            return {error_code::upstream_timeout, "the mail server does not answer in time"};
        case CURLE_LOGIN_DENIED:
            return {error_code::upstream_failed, "the mail server does not accept the login"};
        case CURLE_USE_SSL_FAILED:
            return {error_code::upstream_failed,
                    "the mail server has no TLS, without which the password is not sent"};
        default:
            return {error_code::upstream_failed,
                    std::string("the mail could not be handed over: ") + curl_easy_strerror(how)};
    }
}

}  // namespace

result<void> send_mail(const smtp_server& to_server, const std::string& recipient,
                       const std::string& message) {
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
    if (!curl) return failure{error_code::unavailable, "there is no memory for a mail"};
    const auto url = look_at(to_server.url);
    const auto bracketed = [](const std::string& address) { return "<" + address + ">"; };
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> recipients(
        curl_slist_append(nullptr, bracketed(recipient).c_str()), curl_slist_free_all);
    const auto sender = bracketed(to_server.sender);
    unread text{message};
    auto* handle = curl.get();
    curl_easy_setopt(handle, CURLOPT_URL, to_server.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(
        handle, CURLOPT_USE_SSL,
        static_cast<long>(url.password && !url.here ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, sender.c_str());
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(handle, CURLOPT_READDATA, &text);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(to_server.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(to_server.whole_timeout.count()));
    const auto how = curl_easy_perform(handle);
    if (how == CURLE_OK) return {};
    long said = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &said);
    return failure_of(how, said);
}

}  // namespace perin::net
