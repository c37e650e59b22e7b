#include "persistence/postgresql/postgresql_options.hpp"

#include <charconv>
#include <libpq-fe.h>
#include <map>
#include <memory>
#include <string_view>

namespace perin::persistence {

namespace {

struct free_options {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

using option_map = std::map<std::string, std::string>;

constexpr std::string_view session_settings =
    "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s "
    "-c TimeZone=UTC";

bool is_url(const std::string& text) {
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

/// What the URL says; nothing where libpq cannot read it.
std::optional<option_map> options_in(const std::string& url) {
    const std::unique_ptr<PQconninfoOption, free_options> all(
        PQconninfoParse(url.c_str(), nullptr));
    if (all == nullptr) return std::nullopt;
    option_map said;
    for (const auto* each = all.get(); each->keyword != nullptr; ++each) {
        if (each->val != nullptr) said.emplace(each->keyword, each->val);
    }
    return said;
}

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\') out += '\\';
        out += each;
    }
    return out + "'";
}

/// As libpq takes it: seconds, and zero or less is forever.
std::optional<std::chrono::milliseconds> seconds_in(const std::string& text) {
    int count = 0;
    const char* end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || read != end) return std::nullopt;
    return std::chrono::seconds(std::max(count, 0));
}

failure no_url() {
    return {error_code::invalid_request,
            "it is no URL of a PostgreSQL database, such as "
            "postgresql://user:password@host:5432/name"};
}

}  // namespace

result<postgresql_options> postgresql_options_of(const std::string& url, postgresql_mode mode) {
    // libpq would also take its other form, `name=value`.
    auto said = is_url(url) ? options_in(url) : std::nullopt;
    if (!said) return no_url();
    option_map& options = *said;
    const option_map defaults = {
        {"connect_timeout", "2"},  {"application_name", "perin"},
        {"keepalives_idle", "15"}, {"keepalives_interval", "5"},
        {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"},  // ms
    };
    options.insert(defaults.begin(), defaults.end());  // keeps what is there
    options["client_encoding"] = "UTF8";

    // The last one of two values holds.
    std::string settings(session_settings);
    if (const auto own = options.find("options"); own != options.end())
        settings += " " + own->second;
    if (mode == postgresql_mode::read_only) settings += " -c default_transaction_read_only=on";
    options["options"] = settings;

    const auto connect_timeout = seconds_in(options["connect_timeout"]);
    if (!connect_timeout) return no_url();
    postgresql_options out{.connect_timeout = *connect_timeout};
    for (const auto& [name, text] : options) out.text += name + "=" + quoted(text) + " ";
    return out;
}

}  // namespace perin::persistence
