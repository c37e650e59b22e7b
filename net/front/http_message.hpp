#pragma once

#include "domain/result.hpp"

#include <boost/beast/http/verb.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perin::net {

using http_method = boost::beast::http::verb;

/// A request as handlers see it.
struct http_in {
    http_method method = http_method::get;
    /// Percent-decoded parts of the path: `/api/ai/chat` is `api`, `ai`, `chat`.
    std::vector<std::string> path;
    /// Decoded query parameters in their order; a name may come more than once.
    std::vector<std::pair<std::string, std::string>> query;
    /// The query as it came, for parameters with a coding of their own.
    std::string raw_query;
    /// Names in lower case.
    std::map<std::string, std::string> headers;
    std::string body;
    /// The peer's address without its port.
    std::string peer;
    std::string request_id;

    /// Empty where it is absent.
    [[nodiscard]] const std::string& header(const std::string& lower_name) const;
    /// The first of that name.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
    /// The value of a cookie, empty where it is absent.
    [[nodiscard]] std::string cookie(std::string_view name) const;
    [[nodiscard]] bool accepts(std::string_view media_type) const;
    [[nodiscard]] bool under(std::string_view first_part) const {
        return !path.empty() && path.front() == first_part;
    }
};

/// An answer with its whole body.
struct http_out {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
    /// The connection is closed after it.
    bool close = false;
};

/// Splits and decodes a request target; nothing where it is malformed (RFC 3986).
[[nodiscard]] bool read_target(std::string_view target, http_in& into);

/// The HTTP status of a code (protocol, Errors).
[[nodiscard]] int status_of(error_code code) noexcept;

/// The reason phrase of a status, such as `Not Found`.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

/// The `application/problem+json` answer of a failure (RFC 9457).
[[nodiscard]] http_out problem(const failure& why, const std::string& request_id);

/// The head of an answer, up to and with the empty line. `length`: of the body; nothing: chunked.
[[nodiscard]] std::string head_of(const http_out& answer, std::optional<std::size_t> length,
                                  const std::string& request_id, bool encrypted);

}  // namespace perin::net
