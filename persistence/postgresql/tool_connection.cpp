#include "persistence/postgresql/tool_connection.hpp"

#include <libpq-fe.h>
#include <memory>
#include <string_view>

namespace perin::persistence {

namespace {

struct free_options {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\') out += '\\';
        out += each;
    }
    return out += '\'';
}

}  // namespace

result<tool_connection> tool_connection_of(const std::string& url) {
    const std::unique_ptr<PQconninfoOption, free_options> all(
        PQconninfoParse(url.c_str(), nullptr));
    if (!url.starts_with("postgres") || !all) {
        return failure{error_code::invalid_request, "it is no URL of a PostgreSQL database"};
    }
    tool_connection out;
    for (const auto* each = all.get(); each->keyword != nullptr; ++each) {
        if (each->val == nullptr || *each->val == '\0') continue;
        const std::string_view name = each->keyword;
        if (name == "password") {
            out.environment["PGPASSWORD"] = each->val;
        } else if (name == "sslpassword") {
            return failure{error_code::invalid_request,
                           "PostgreSQL's programs cannot be given the URL's sslpassword in "
                           "secret: use a client key without one"};
        } else {
            out.text += (out.text.empty() ? "" : " ") + std::string(name) + "=" + quoted(each->val);
        }
    }
    return out;
}

}  // namespace perin::persistence
