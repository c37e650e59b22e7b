#include "runtime/configuration.hpp"

#include "domain/mail_address.hpp"
#include "runtime/settings.hpp"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace perin::runtime {

namespace {

/// Names the file, so it cannot stand in it.
constexpr std::string_view file_variable = "PERIN_CONFIG";

/// A value on its way from where it was written to its field.
struct written_value {
    std::string text;
    setting_source source = setting_source::fallback;
    /// The name under which it was written: a variable or a key.
    std::string as;
};

using written_values = std::map<std::string_view, written_value>;

failure at_fault(const std::string& name, const std::string& why) {
    return {error_code::invalid_request, name + ": " + why, "", name};
}

const setting* setting_of_key(std::string_view key) {
    const auto all = settings();
    const auto row = std::ranges::find(all, key, &setting::key);
    return row == all.end() ? nullptr : &*row;
}

/// The secret whose `NAME_FILE` (or `key_file`) is `name`.
const setting* secret_of_file(std::string_view name, std::string_view setting::*spelling,
                              std::string_view suffix) {
    if (!name.ends_with(suffix)) return nullptr;
    name.remove_suffix(suffix.size());
    const auto all = settings();
    const auto row = std::ranges::find(all, name, spelling);
    return row == all.end() || !row->secret() ? nullptr : &*row;
}

result<std::string> secret_from(const std::string& path, const std::string& name,
                                const surroundings& around) {
    auto text = around.read_file ? around.read_file(path) : std::nullopt;
    if (!text) return at_fault(name, "the file cannot be read");
    // Editors and `echo` end a file with a newline that nobody means.
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (text->empty()) return at_fault(name, "the file is empty");
    return std::move(*text);
}

/// The text of a scalar, or of a list of strings joined by commas; nothing for anything else.
std::optional<std::string> text_of(const toml::node& node, const setting& row) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto flag = node.value_exact<bool>()) {
        if (row.kind != setting_kind::toggle) return {};
        return *flag ? "true" : "false";
    }
    const bool number = row.kind == setting_kind::count || row.kind == setting_kind::days ||
                        row.kind == setting_kind::seconds || row.kind == setting_kind::milliseconds;
    if (number && node.is_number()) {
        std::ostringstream out;
        if (const auto whole = node.value_exact<std::int64_t>())
            out << *whole;
        else
            out << *node.value_exact<double>();
        return out.str();
    }
    const bool many = row.kind == setting_kind::origins || row.kind == setting_kind::names ||
                      row.kind == setting_kind::approvals;
    if (const auto* list = node.as_array(); list && many) {
        std::string joined;
        for (const auto& item : *list) {
            const auto text = item.value_exact<std::string>();
            if (!text) return {};
            joined += (joined.empty() ? "" : ",") + *text;
        }
        return joined;
    }
    return {};
}

result<written_values> from_file(const std::string& text, const surroundings& around) {
    const auto parsed = toml::parse(text);
    if (!parsed) {
        const auto& error = parsed.error();
        const auto line = error.source().begin.line;
        return failure{error_code::invalid_request, "the configuration file, line " +
                                                        std::to_string(line) + ": " +
                                                        std::string(error.description())};
    }
    written_values found;
    for (const auto& [toml_key, node] : parsed.table()) {
        const std::string key(toml_key.str());
        const auto* row = setting_of_key(key);
        const auto* secret = row ? nullptr : secret_of_file(key, &setting::key, "_file");
        if (!row && !secret) return at_fault(key, "there is no such setting");
        auto value = row ? text_of(node, *row) : node.value_exact<std::string>();
        if (!value) return at_fault(key, "has a value of the wrong type");
        if (value->empty()) continue;
        if (secret) {
            auto content = secret_from(*value, key, around);
            if (!content) return content.error();
            row = secret;
            value = std::move(*content);
        }
        if (found.contains(row->name)) return at_fault(key, "is given twice, also by its file");
        found[row->name] = {std::move(*value), setting_source::file, key};
    }
    return found;
}

result<void> add_environment(written_values& found, const surroundings& around) {
    written_values named;
    for (const auto& [name, value] : around.environment) {
        if (value.empty() || name == file_variable) continue;
        const auto all = settings();
        const auto row = std::ranges::find(all, name, &setting::name);
        const auto* secret = secret_of_file(name, &setting::name, "_FILE");
        if (row == all.end() && !secret) {
            if (name.starts_with("PERIN_")) return at_fault(name, "there is no such variable");
            continue;
        }
        const auto& of = secret ? *secret : *row;
        std::string text = value;
        if (secret) {
            auto content = secret_from(value, name, around);
            if (!content) return content.error();
            text = std::move(*content);
        }
        if (named.contains(of.name)) return at_fault(name, "is given twice, also by its file");
        named[of.name] = {std::move(text), setting_source::environment, name};
    }
    for (auto& [name, value] : named) found[name] = std::move(value);
    return {};
}

std::string fallback_of(const setting& row, const surroundings& around) {
    if (row.name == "PERIN_NODE") return around.host_name;
    if (row.name == "PERIN_DATA") {
        const auto home = around.environment.find("HOME");
        if (home == around.environment.end() || home->second.empty()) return {};
        return home->second + "/.local/share/perin";
    }
    return std::string(row.fallback);
}

/// What no single setting can tell: rules between two of them.
result<void> check_together(const configuration& read) {
    if (read.data.empty()) return at_fault("PERIN_DATA", "must be set where HOME is not");
    if (mail_address(read.mail_from).empty())
        return at_fault("PERIN_MAIL_FROM", "must be an address, such as Perin <perin@example.com>");
    if (!read.database_url.empty() && read.secret.empty()) {
        return at_fault("PERIN_SECRET",
                        "must be set with DATABASE_URL: every server of that database has the "
                        "same one");
    }
    if (!read.secret.empty() && read.secret == read.secret_previous) {
        return at_fault("PERIN_SECRET_PREVIOUS", "must differ from PERIN_SECRET");
    }
    if (!read.database_url.empty() && !read.database_url.starts_with("postgresql://") &&
        !read.database_url.starts_with("postgres://")) {
        return at_fault("DATABASE_URL",
                        "must be postgresql://...; unset it to use the embedded database in "
                        "PERIN_DATA");
    }
    if (!read.limits && !is_loopback(read.listen.host)) {
        return at_fault("PERIN_LIMITS", "off is allowed on a loopback listener only, not on " +
                                            to_string(read.listen));
    }
#ifndef PERIN_CRASH_POINTS
    if (!read.crash_at.empty()) {
        return at_fault("PERIN_CRASH_AT", "this build has no crash points");
    }
#endif
    const auto pair = [](bool first, bool second, const char* one, const char* other) {
        if (first == second) return result<void>{};
        return result<void>(
            at_fault(first ? other : one,
                     std::string("must be set together with ") + (first ? one : other)));
    };
    auto tls = pair(!read.tls_certificate.empty(), !read.tls_key.empty(), "PERIN_TLS_CERTIFICATE",
                    "PERIN_TLS_KEY");
    if (!tls) return tls;
    return pair(!read.google_client_id.empty(), !read.google_client_secret.empty(),
                "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET");
}

shown_setting shown(const setting& row, const written_value& value) {
    const std::string visible =
        row.secret() ? (value.text.empty() ? "(unset)" : "(set)") : value.text;
    return {std::string(row.name), std::string(row.key), visible, value.source};
}

std::optional<std::string> content_of(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        // A secret may also come through a pipe, as `/dev/fd/3`.
        if (!std::filesystem::is_fifo(path, ignored)) return {};
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) return {};
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (in.bad()) return {};
    return text;
}

}  // namespace

std::string to_string(const endpoint& at) {
    const bool v6 = at.host.find(':') != std::string::npos;
    return (v6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

const char* to_string(setting_source source) noexcept {
    switch (source) {
        case setting_source::fallback:
            return "default";
        case setting_source::file:
            return "file";
        case setting_source::environment:
            return "environment";
    }
    return "default";
}

result<configuration> parse_configuration(const std::optional<std::string>& text,
                                          const surroundings& around) {
    auto found = text ? from_file(*text, around) : result<written_values>(written_values{});
    if (!found) return found.error();
    if (const auto added = add_environment(*found, around); !added) return added.error();

    configuration read;
    read.offline = !found->contains("OPENAI_API_KEY") && !found->contains("OPENAI_BASE_URL");
    for (const auto& row : settings()) {
        const auto written = found->find(row.name);
        const auto value = written != found->end()
                               ? written->second
                               : written_value{fallback_of(row, around), setting_source::fallback,
                                               std::string(row.name)};
        if (!value.text.empty()) {
            const auto stored = store(read, row, value.text);
            if (!stored) return at_fault(value.as, stored.error().detail);
        }
        read.shown.push_back(shown(row, value));
    }
    if (const auto fit = check_together(read); !fit) return fit.error();
    return read;
}

result<configuration> load_configuration(const std::optional<std::string>& file,
                                         const std::map<std::string, std::string>& environment) {
    const auto variable = [&](std::string_view name) -> std::string {
        const auto found = environment.find(std::string(name));
        return found == environment.end() ? std::string() : found->second;
    };
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    const surroundings around{
        .environment = environment,
        .host_name = host[0] == '\0' ? "localhost" : host.data(),
        .read_file = [](const std::string& path) { return content_of(path); }};

    const std::string named = file ? *file : variable(file_variable);
    std::optional<std::string> text;
    if (!named.empty()) {
        text = content_of(named);
        if (!text) {
            return at_fault(file ? "--config" : std::string(file_variable),
                            "the file cannot be read: " + named);
        }
    } else {
        const auto data = variable("PERIN_DATA");
        const auto home = variable("HOME");
        const auto folder = !data.empty() ? std::filesystem::path(data)
                                          : std::filesystem::path(home) / ".local/share/perin";
        std::error_code ignored;
        const auto path = folder / "perin.toml";
        if (std::filesystem::exists(path, ignored)) {
            text = content_of(path);
            if (!text) return at_fault("perin.toml", "the file cannot be read: " + path.string());
        }
    }
    return parse_configuration(text, around);
}

std::map<std::string, std::string> system_environment() {
    std::map<std::string, std::string> found;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view pair = *entry;
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        found.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return found;
}

}  // namespace perin::runtime
