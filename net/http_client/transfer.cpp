#include "net/http_client/transfer.hpp"

#include "net/http_client/mailbox.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace perin::net {

namespace {

constexpr std::size_t max_head = 64 * 1024;
constexpr std::chrono::seconds grace_after_enough{1};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_start) {
    return text.size() >= lower_start.size() &&
           std::equal(lower_start.begin(), lower_start.end(), text.begin(),
                      [](char a, char b) { return a == lower(b); });
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// `HTTP/1.1 200 OK`, `HTTP/2 200`.
std::optional<int> status_of(std::string_view line) {
    if (!line.starts_with("HTTP/")) return std::nullopt;
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto digits = line.substr(space + 1, 3);
    int status = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
    if (error != std::errc{} || end != digits.data() + 3) return std::nullopt;
    return status;
}

template <class Value>
bool set(CURL* easy, CURLoption option, Value value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

}  // namespace

transfer::transfer(http_request request, std::shared_ptr<http_exchange> exchange,
                   std::shared_ptr<mailbox> box, time_point now)
    : request_(std::move(request)),
      exchange_(std::move(exchange)),
      box_(std::move(box)),
      started_(now) {}

void transfer::cancel() {
    if (cancelled_.exchange(true)) return;
    box_->cancel(shared_from_this());
}

void transfer::refuse() {
    refused_ = true;
    request_ = {};
}

bool transfer::begin(easy_handle easy, transfer_batch& batch) {
    easy_ = std::move(easy);
    batch_ = &batch;
    begun_ = batch.now;
    CURL* const handle = easy_.get();
    if (handle == nullptr || !set_headers() || !set_method()) return false;
    const bool secure = starts_with_ignoring_case(request_.url, "https:");
    return set(handle, CURLOPT_PRIVATE, this) && set(handle, CURLOPT_WRITEDATA, this) &&
           set(handle, CURLOPT_WRITEFUNCTION, &transfer::body_callback) &&
           set(handle, CURLOPT_HEADERDATA, this) &&
           set(handle, CURLOPT_HEADERFUNCTION, &transfer::header_callback) &&
           set(handle, CURLOPT_URL, request_.url.c_str()) &&
           set(handle, CURLOPT_HTTPHEADER, lines_.get()) &&
           // Without PIPEWAIT: in libcurl 7.88 calls that wait for a connection to share stay
           // behind when it is full, until one of its calls ends, instead of opening another.
           set(handle, CURLOPT_HTTP_VERSION,
               static_cast<long>(secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)) &&
           set(handle, CURLOPT_FRESH_CONNECT, request_.repeatable ? 0L : 1L) &&
           // An empty proxy overrides the environment's.
           set(handle, CURLOPT_PROXY, is_loopback_url(request_.url) ? "" : nullptr) &&
           set(handle, CURLOPT_CONNECTTIMEOUT_MS,
               static_cast<long>(std::max<std::int64_t>(1, request_.connect_timeout.count())));
}

bool transfer::set_headers() {
    bool has_type = false;
    const auto append = [this](const char* line) {
        curl_slist* const longer = curl_slist_append(lines_.get(), line);
        if (longer == nullptr) return false;
        static_cast<void>(lines_.release());
        lines_.reset(longer);
        return true;
    };
    for (const auto& line : request_.headers) {
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return false;
        has_type = has_type || starts_with_ignoring_case(line, "content-type:");
        if (!append(line.c_str())) return false;
    }
    // libcurl would wait for a `100 Continue`, and call any body a form.
    if (!append("Expect:")) return false;
    return has_type || append("Content-Type:");
}

bool transfer::set_method() {
    CURL* const handle = easy_.get();
    const auto& method = request_.method;
    const bool token = !method.empty() && std::ranges::all_of(method, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    });
    // HTTPGET first: it takes back what the handle's call before had set.
    if (!token || !set(handle, CURLOPT_HTTPGET, 1L)) return false;
    if (method == "HEAD") {
        return set(handle, CURLOPT_CUSTOMREQUEST, nullptr) && set(handle, CURLOPT_NOBODY, 1L);
    }
    const bool custom = method != "GET" && method != "POST";
    if (!set(handle, CURLOPT_CUSTOMREQUEST, custom ? method.c_str() : nullptr)) return false;
    if (method != "POST" && request_.body.empty()) return true;
    return set(handle, CURLOPT_POST, 1L) &&
           set(handle, CURLOPT_POSTFIELDSIZE_LARGE,
               static_cast<curl_off_t>(request_.body.size())) &&
           set(handle, CURLOPT_POSTFIELDS, request_.body.data());
}

easy_handle transfer::release() {
    if (easy_ != nullptr) {
        set(easy_.get(), CURLOPT_PRIVATE, nullptr);
        set(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
        set(easy_.get(), CURLOPT_POSTFIELDS, nullptr);
    }
    lines_.reset();
    return std::move(easy_);
}

std::size_t transfer::header_callback(char* data, std::size_t size, std::size_t count, void* self) {
    const std::size_t bytes = size * count;
    return static_cast<transfer*>(self)->read_header({data, bytes}) ? bytes : CURL_WRITEFUNC_ERROR;
}

std::size_t transfer::body_callback(char* data, std::size_t size, std::size_t count, void* self) {
    const std::size_t bytes = size * count;
    return static_cast<transfer*>(self)->read_body({data, bytes}) ? bytes : CURL_WRITEFUNC_ERROR;
}

bool transfer::read_header(std::string_view line) {
    if (is_cancelled()) return false;
    if (head_done_) return true;  // a trailer
    head_bytes_ += line.size();
    if (head_bytes_ > max_head) {
        stopped_ = http_error::too_large;
        return false;
    }
    if (const auto status = status_of(line)) {
        head_ = {.status = *status};
        return true;
    }
    const auto content = trimmed(line);
    if (content.empty()) {
        if (head_.status >= 200) {
            head_done_ = true;
            exchange_->on_head(head_);
        }
        return true;
    }
    const auto colon = content.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name(trimmed(content.substr(0, colon)));
    std::ranges::transform(name, name.begin(), lower);
    head_.headers.emplace_back(std::move(name), trimmed(content.substr(colon + 1)));
    return true;
}

bool transfer::read_body(std::string_view piece) {
    if (is_cancelled()) return false;
    if (piece.empty()) return true;
    body_bytes_ += piece.size();
    if (body_bytes_ > request_.max_body) {
        stopped_ = http_error::too_large;
        return false;
    }
    last_read_ = batch_->now;
    if (!touched_) {
        touched_ = true;
        batch_->touched.push_back(this);
    }
    if (enough_) return true;
    switch (exchange_->on_body(piece)) {
        case body_flow::more:
            return true;
        case body_flow::enough:
            enough_ = batch_->now;
            return true;
        case body_flow::abort:
            break;
    }
    stopped_ = http_error::cancelled;
    return false;
}

void transfer::end_of_read() {
    touched_ = false;
    if (exchange_ != nullptr && !is_cancelled()) exchange_->on_read_end();
}

void transfer::finish(std::optional<http_error> error) {
    const auto exchange = std::exchange(exchange_, nullptr);
    if (exchange == nullptr) return;
    request_ = {};
    box_->ended();
    exchange->on_done(error);
}

transfer::limit transfer::deadline() const {
    limit nearest{started_ + request_.total_timeout, http_error::total_timeout};
    const auto consider = [&nearest](time_point at, std::optional<http_error> error) {
        if (at < nearest.at) nearest = {at, error};
    };
    if (enough_) {
        consider(*enough_ + grace_after_enough, std::nullopt);
        nearest.error = std::nullopt;
    } else if (body_bytes_ > 0) {
        consider(last_read_ + request_.idle_timeout, http_error::idle_timeout);
    } else if (begun_) {
        consider(*begun_ + request_.first_byte_timeout, http_error::first_byte_timeout);
    }
    return nearest;
}

std::optional<http_error> transfer::outcome(CURLcode code) const {
    if (stopped_) return stopped_;
    if (is_cancelled()) return http_error::cancelled;
    if (enough_) return std::nullopt;
    switch (code) {
        case CURLE_OK:
            return head_done_ ? std::nullopt : std::optional(http_error::reset);
        // A single line of the head that is over libcurl's own bound.
        case CURLE_OUT_OF_MEMORY:
            return head_done_ ? http_error::reset : http_error::too_large;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_INTERFACE_FAILED:
            return http_error::connect;
        // The only time limit that libcurl knows of is that of the connection.
        case CURLE_OPERATION_TIMEDOUT:
            return http_error::connect_timeout;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
            return http_error::tls;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
            return http_error::malformed;
        default:
            return http_error::reset;
    }
}

bool is_loopback_url(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return false;
    auto host = url.substr(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const auto user = host.rfind('@'); user != std::string_view::npos) {
        host.remove_prefix(user + 1);
    }
    if (host.starts_with('[')) return host.substr(0, host.find(']')) == "[::1";
    host = host.substr(0, host.find(':'));
    return (host.size() == 9 && starts_with_ignoring_case(host, "localhost")) ||
           (host.starts_with("127.") &&
            host.find_first_not_of("0123456789.") == std::string_view::npos);
}

easy_handle make_easy(const http_client_options& options) {
    easy_handle easy(curl_easy_init());
    CURL* const handle = easy.get();
    if (handle == nullptr) return easy;
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
    // A call that ends during a slow name look-up must not wait for it and hold up all others.
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    if (!options.ca_file.empty()) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    }
    return easy;
}

}  // namespace perin::net
