#include "runtime/settings.hpp"

#include "domain/approval.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

namespace perin::runtime {

namespace {

using c = configuration;
using k = setting_kind;

constexpr double day_s = 86'400;
constexpr double century_d = 36'500;

constexpr std::array table{
    setting{"PERIN_LISTEN", "listen", k::endpoint, &c::listen, "127.0.0.1:3000",
            "Address and port of the front; port 0 takes any free one."},
    setting{"PERIN_ADMIN_LISTEN", "admin_listen", k::endpoint, &c::admin_listen, "127.0.0.1:3001",
            "Address and port of the admin listener; keep it private."},
    setting{"PERIN_URL", "url", k::http_url, &c::url, "",
            "Public base URL, for links and redirects; unset: that of the front's address.", 0,
            2000},
    setting{"PERIN_DATA", "data", k::path, &c::data, "",
            "Folder of the database and of what else is kept; unset: ~/.local/share/perin.", 0,
            4000},
    setting{"PERIN_NODE", "node", k::text, &c::node, "",
            "Name of this node; unset: the host's name.", 1, 100},
    setting{"DATABASE_URL", "database_url", k::secret, &c::database_url, "",
            "PostgreSQL to use in place of the embedded database.", 0, 4000},
    setting{"PERIN_SECRET", "secret", k::secret, &c::secret, "",
            "At least 32 bytes from which keys are derived; unset: made once and kept.", 32, 4000},
    setting{"PERIN_SECRET_PREVIOUS", "secret_previous", k::secret, &c::secret_previous, "",
            "The secret before, until `perin secrets rotate` has sealed all again.", 32, 4000},
    setting{"PERIN_TLS_CERTIFICATE", "tls_certificate", k::path, &c::tls_certificate, "",
            "PEM file of the certificate chain; with tls_key the front speaks TLS.", 0, 4000},
    setting{"PERIN_TLS_KEY", "tls_key", k::path, &c::tls_key, "",
            "PEM file of the certificate's private key.", 0, 4000},
    setting{"PERIN_CORS_ORIGINS", "cors_origins", k::origins, &c::cors_origins, "",
            "Foreign web origins that may call the API, separated by commas."},
    setting{"PERIN_LIMITS", "limits", k::toggle, &c::limits, "on",
            "Rate limits; off is allowed on a loopback listener only."},
    setting{"PERIN_MAX_CONNECTIONS", "max_connections", k::count, &c::max_connections, "50000",
            "Connections held at once; more are refused.", 1, 1'000'000},
    setting{"PERIN_IO_THREADS", "io_threads", k::count, &c::io_threads, "0",
            "Threads that serve sockets and run actors; 0: one for each core, two at least.", 0,
            256},
    setting{"PERIN_MAX_RESIDENT", "max_resident", k::count, &c::max_resident, "10000",
            "Conversations kept in memory; the longest idle ones go first.", 1, 10'000'000},
    setting{"PERIN_PASSIVATE_S", "passivate_s", k::seconds, &c::passivate, "600",
            "Seconds after which an idle conversation leaves memory.", 0.001, 30 * day_s},
    setting{"PERIN_KEEP_CONVERSATIONS_DAYS", "keep_conversations_days", k::days,
            &c::keep_conversations, "0",
            "Days after which a conversation that nobody touched is removed; 0: never.", 0,
            century_d},
    setting{"PERIN_KEEP_WORKFLOWS_DAYS", "keep_workflows_days", k::days, &c::keep_workflows, "90",
            "Days after which a finished workflow is removed; 0: never.", 0, century_d},
    setting{"PERIN_KEEP_BOOKINGS_DAYS", "keep_bookings_days", k::days, &c::keep_bookings, "365",
            "Days after which bookings, links and negotiations that are over are removed; 0: "
            "never.",
            0, century_d},
    setting{"PERIN_KEEP_NOTIFICATIONS_DAYS", "keep_notifications_days", k::days,
            &c::keep_notifications, "90",
            "Days after which a closed notification is removed; 0: never.", 0, century_d},
    setting{"PERIN_PRUNE_EVERY_S", "prune_every_s", k::seconds, &c::prune_every, "3600",
            "Seconds between two rounds through what may be removed.", 0.1, 30 * day_s},
    setting{"PERIN_DRAIN_S", "drain_s", k::seconds, &c::drain, "30",
            "Seconds that running turns are given when the server stops.", 0, day_s},
    setting{"OPENAI_API_KEY", "openai_api_key", k::secret, &c::openai_api_key, "",
            "Key of the model service.", 1, 1000},
    setting{
        "OPENAI_BASE_URL", "openai_base_url", k::http_url, &c::openai_base_url,
        "https://api.openai.com/v1",
        "Base URL of the model service; with neither it nor a key the built-in assistant answers.",
        0, 2000},
    setting{"PERIN_MODEL", "model", k::text, &c::model, "gpt-4o-mini", "Name of the model.", 1,
            200},
    setting{"PERIN_MODELS", "models", k::names, &c::models, "",
            "Models that are asked in this order where the first cannot be reached, separated by "
            "commas; in place of `model`.",
            1, 200},
    setting{"PERIN_TOOL_APPROVAL", "tool_approval", k::approvals, &c::tool_approval, "",
            "Tools whose calls their user approves first, such as calendar_cancel_event=always; "
            "external: where other people are reached; separated by commas.",
            1, 200},
    setting{"PERIN_MODEL_WINDOW", "model_window", k::count, &c::model_window, "128000",
            "Tokens of the model's context.", 1000, 100'000'000},
    setting{"PERIN_MODEL_MAX_TOKENS", "model_max_tokens", k::count, &c::model_max_tokens, "0",
            "Most tokens of one reply; 0: not limited by us.", 0, 10'000'000},
    setting{"PERIN_MODEL_CONNECT_S", "model_connect_s", k::seconds, &c::model_connect, "5",
            "Seconds to connect to the model service.", 0.001, day_s},
    setting{"PERIN_MODEL_FIRST_S", "model_first_s", k::seconds, &c::model_first, "60",
            "Seconds until the first token.", 0.001, day_s},
    setting{"PERIN_MODEL_IDLE_S", "model_idle_s", k::seconds, &c::model_idle, "30",
            "Seconds of silence within a reply.", 0.001, day_s},
    setting{"PERIN_MODEL_CALL_S", "model_call_s", k::seconds, &c::model_call, "300",
            "Seconds of one model call.", 0.001, day_s},
    setting{"PERIN_TURN_S", "turn_s", k::seconds, &c::turn, "600", "Seconds of one turn.", 0.001,
            day_s},
    setting{"PERIN_PATIENCE_S", "patience_s", k::seconds, &c::patience, "15",
            "Seconds that a turn waits for retries, all waits together.", 0, day_s},
    setting{"PERIN_RETRY_BASE_MS", "retry_base_ms", k::milliseconds, &c::retry_base, "1000",
            "Milliseconds before the first retry; later ones wait longer.", 0, 600'000},
    setting{"GOOGLE_CLIENT_ID", "google_client_id", k::text, &c::google_client_id, "",
            "OAuth client of the Google integrations.", 1, 500},
    setting{"GOOGLE_CLIENT_SECRET", "google_client_secret", k::secret, &c::google_client_secret, "",
            "Secret of that client.", 1, 500},
    setting{"PERIN_GOOGLE_BASE_URL", "google_base_url", k::http_url, &c::google_base_url, "",
            "Replaces every Google host, for a proxy or an emulator.", 0, 2000},
    setting{"PERIN_SMTP_URL", "smtp_url", k::smtp_url, &c::smtp_url, "",
            "Outgoing mail, such as smtps://user:password@mail.example.com; unset: none.", 0, 2000},
    setting{"PERIN_MAIL_FROM", "mail_from", k::text, &c::mail_from, "perin@localhost",
            "Sender of outgoing mail, such as Perin <perin@example.com>.", 3, 320},
    setting{"PERIN_LOG_LEVEL", "log_level", k::choice, &c::log_level, "info",
            "Least level that is logged.", 0, 0, "trace|debug|info|warn|error|off"},
    setting{"PERIN_LOG_FORMAT", "log_format", k::choice, &c::log_format, "text",
            "Form of a line of the log.", 0, 0, "text|json"},
    setting{"DEBUG_AI", "debug_ai", k::toggle, &c::debug_ai, "false",
            "Detailed logs of model calls; never of secrets."},
    setting{"PERIN_CRASH_AT", "crash_at", k::text, &c::crash_at, "",
            "Named point at which the process kills itself; builds for tests only.", 1, 200},
};

/// The shortest usual form: `600`, `0.001`.
std::string number_text(double number) {
    std::array<char, 64> out{};
    const auto end = std::to_chars(out.data(), out.data() + out.size(), number).ptr;
    return {out.data(), end};
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

failure bad(std::string detail) { return {error_code::invalid_request, std::move(detail)}; }

failure out_of_bounds(const setting& row, const char* what) {
    const auto whole = [](double n) { return std::to_string(static_cast<std::int64_t>(n)); };
    const bool fractions = row.kind == k::seconds || row.kind == k::days;
    const auto text = fractions ? number_text : +whole;
    return bad(std::string("must be ") + what + " from " + text(row.least) + " to " +
               text(row.most));
}

result<std::chrono::milliseconds> duration_of(const setting& row, std::string_view text,
                                              double in_ms) {
    const auto number = number_of<double>(text);
    const auto within =
        number && std::isfinite(*number) && *number >= row.least && *number <= row.most;
    if (!within) return out_of_bounds(row, "a number");
    // Upwards, so that a small positive wait does not turn into none.
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(*number * in_ms)));
}

result<bool> toggle_of(std::string_view text) {
    if (text == "on" || text == "true") return true;
    if (text == "off" || text == "false") return false;
    return bad("must be on or off");
}

bool is_choice(std::string_view choices, std::string_view text) {
    while (true) {
        const auto bar = choices.find('|');
        if (choices.substr(0, bar) == text) return true;
        if (bar == std::string_view::npos) return false;
        choices.remove_prefix(bar + 1);
    }
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text,
                               [](unsigned char octet) { return octet > 0x20 && octet != 0x7f; });
}

/// The part of an `http` or `https` URL after its scheme; nothing for anything else.
std::optional<std::string_view> after_scheme(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (url.starts_with(scheme)) return url.substr(scheme.size());
    }
    return {};
}

/// Whether `text` is `host` or `host:port`.
bool is_authority(std::string_view text) {
    if (text.empty() || text.find_first_of("/?#@\\") != std::string_view::npos) return false;
    const bool port = text.starts_with('[') ? text.find("]:") != std::string_view::npos
                                            : text.find(':') != std::string_view::npos;
    return port ? endpoint_of(text).has_value()
                : text.find(':') == std::string_view::npos ||
                      (text.front() == '[' && text.back() == ']');
}

result<std::string> http_url_of(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    const auto rest = is_visible(text) ? after_scheme(text) : std::nullopt;
    const auto fit = rest && is_authority(rest->substr(0, rest->find('/'))) &&
                     rest->find_first_of("?#") == std::string_view::npos;
    if (!fit) {
        return bad("must be an http:// or https:// URL without user, query and fragment");
    }
    return std::string(text);
}

/// The parts between commas, without the blanks around them.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto part = text.substr(0, comma);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        parts.push_back(part);
    }
    return parts;
}

result<std::vector<std::string>> origins_of(std::string_view text) {
    std::vector<std::string> origins;
    for (const auto part : parts_of(text)) {
        const auto authority = is_visible(part) ? after_scheme(part) : std::nullopt;
        if (!authority || !is_authority(*authority)) {
            return bad("must be origins such as https://app.example.com, separated by commas");
        }
        origins.emplace_back(part);
    }
    return origins;
}

result<std::vector<std::string>> names_of(const setting& row, std::string_view text) {
    std::vector<std::string> names;
    for (const auto part : parts_of(text)) {
        const bool twice = std::ranges::find(names, part) != names.end();
        if (part.empty() || !is_visible(part) || static_cast<double>(part.size()) > row.most ||
            twice) {
            return bad("must be different names without blanks, separated by commas");
        }
        names.emplace_back(part);
    }
    return names;
}

result<std::vector<std::string>> approvals_of(const setting& row, std::string_view text) {
    auto rules = names_of(row, text);
    if (!rules) return rules;
    std::vector<std::string> tools;
    for (const auto& each : *rules) {
        auto rule = approval_rule_of(each);
        if (!rule) return rule.error();
        if (std::ranges::find(tools, rule->tool) != tools.end())
            return bad("names " + rule->tool + " twice");
        tools.push_back(std::move(rule->tool));
    }
    return rules;
}

result<std::string> text_of(const setting& row, const std::string& text) {
    if (row.kind == k::http_url) return http_url_of(text);
    if (row.kind == k::choice) {
        if (is_choice(row.choices, text)) return text;
        return bad("must be one of " + std::string(row.choices));
    }
    if (row.kind == k::smtp_url) {
        const bool smtp = text.starts_with("smtp://") || text.starts_with("smtps://");
        if (!smtp || !is_visible(text)) return bad("must be an smtp:// or smtps:// URL");
    }
    if (row.kind == k::path && text.starts_with('~')) {
        return bad("must be a path; ~ stands for nothing here");
    }
    const auto length = static_cast<double>(text.size());
    if (length < row.least || length > row.most) {
        return out_of_bounds(row, "a text with a length in bytes");
    }
    if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos) {
        return bad("must be one line");
    }
    return text;
}

template <class Value>
result<void> keep(configuration& into, Value configuration::*field, result<Value> value) {
    if (!value) return value.error();
    into.*field = std::move(*value);
    return {};
}

}  // namespace

std::span<const setting> settings() { return table; }

std::optional<endpoint> endpoint_of(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return {};
    const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
    auto host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const bool plain = host.find_first_of("[]/@?#") == std::string_view::npos && is_visible(host);
    const bool colons = host.find(':') != std::string_view::npos;
    if (!port || host.empty() || !plain || colons != bracketed) return {};
    return endpoint{std::string(host), *port};
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") &&
            host.find_first_not_of("0123456789.") == std::string_view::npos);
}

result<void> store(configuration& into, const setting& row, const std::string& text) {
    return std::visit(
        [&]<class Value>(Value configuration::*field) -> result<void> {
            if constexpr (std::is_same_v<Value, std::string>) {
                return keep(into, field, text_of(row, text));
            } else if constexpr (std::is_same_v<Value, std::filesystem::path>) {
                const auto path = text_of(row, text);
                if (!path) return path.error();
                into.*field = *path;
                return {};
            } else if constexpr (std::is_same_v<Value, bool>) {
                return keep(into, field, toggle_of(text));
            } else if constexpr (std::is_same_v<Value, std::uint64_t>) {
                const auto number = number_of<std::uint64_t>(text);
                const bool within = number && static_cast<double>(*number) >= row.least &&
                                    static_cast<double>(*number) <= row.most;
                if (!within) return out_of_bounds(row, "a whole number");
                into.*field = *number;
                return {};
            } else if constexpr (std::is_same_v<Value, std::chrono::milliseconds>) {
                const double unit = row.kind == k::days      ? day_s * 1000
                                    : row.kind == k::seconds ? 1000
                                                             : 1;
                return keep(into, field, duration_of(row, text, unit));
            } else if constexpr (std::is_same_v<Value, endpoint>) {
                auto at = endpoint_of(text);
                if (!at) return bad("must be ADDRESS:PORT, such as 127.0.0.1:3000");
                into.*field = std::move(*at);
                return {};
            } else {
                return keep(into, field,
                            row.kind == k::names       ? names_of(row, text)
                            : row.kind == k::approvals ? approvals_of(row, text)
                                                       : origins_of(text));
            }
        },
        row.field);
}

}  // namespace perin::runtime
