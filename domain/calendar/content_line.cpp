#include "domain/calendar/content_line.hpp"

#include "domain/text.hpp"

#include <algorithm>

namespace perin::calendar {

namespace {

constexpr std::size_t most_parameters = 64;
constexpr std::size_t folded_at = 75;

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }

bool is_name(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

/// Takes a name off the front; empty where there is none.
std::string take_name(std::string_view& rest) {
    const auto end = std::ranges::find_if_not(rest, is_name);
    const auto size = static_cast<std::size_t>(end - rest.begin());
    auto name = upper(rest.substr(0, size));
    rest.remove_prefix(size);
    return name;
}

std::string circumflex_decoded(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char next = value[i] == '^' && i + 1 < value.size() ? value[i + 1] : '\0';
        if (next == 'n' || next == '^' || next == '\'') {
            out += next == 'n' ? '\n' : next == '\'' ? '"' : '^';
            ++i;
        } else {
            out += value[i];
        }
    }
    return out;
}

/// Takes a parameter's values off the front, their quotes with them.
std::optional<std::string> take_parameter_value(std::string_view& rest) {
    std::string raw;
    for (;;) {
        if (rest.starts_with('"')) {
            const auto end = rest.find('"', 1);
            if (end == std::string_view::npos) return std::nullopt;
            raw += rest.substr(1, end - 1);
            rest.remove_prefix(end + 1);
        } else {
            const auto end = std::min(rest.find_first_of(";:,"), rest.size());
            raw += rest.substr(0, end);
            rest.remove_prefix(end);
        }
        if (!rest.starts_with(',')) return circumflex_decoded(raw);
        raw += ',';
        rest.remove_prefix(1);
    }
}

}  // namespace

std::string_view property::get(std::string_view parameter_name) const {
    const auto at = std::ranges::find(parameters, parameter_name, &parameter::name);
    return at == parameters.end() ? std::string_view{} : std::string_view(at->value);
}

std::string_view content_reader::take_line() {
    const auto end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::optional<content_line> content_reader::next() {
    content_line out;
    while (out.text.empty()) {
        if (rest_.empty()) return std::nullopt;
        out.line = line_ + 1;
        const auto append = [&out](std::string_view part) {
            const auto room = longest_content_line - out.text.size();
            if (part.size() > room) out.cut = true;
            out.text += part.substr(0, room);
        };
        append(take_line());
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            append(take_line().substr(1));
        }
        // Only now is a character whole that a fold went through.
        if (out.cut) out.text.resize(valid_utf8_length(out.text));
        if (!is_utf8(out.text)) {
            out.text = repaired_utf8(out.text);
            out.repaired = true;
        }
        const auto before = out.text.size();
        std::erase_if(out.text, [](char c) { return c != '\t' && is_control(c); });
        if (out.text.size() != before) out.cleaned = true;
    }
    return out;
}

std::optional<property> parse_property(const content_line& line) {
    std::string_view rest = line.text;
    property out;
    out.line = line.line;
    out.cut = line.cut;
    out.name = take_name(rest);
    if (out.name.empty()) return std::nullopt;
    while (rest.starts_with(';')) {
        rest.remove_prefix(1);
        parameter one;
        one.name = take_name(rest);
        if (one.name.empty() || out.parameters.size() >= most_parameters) return std::nullopt;
        if (rest.starts_with('=')) {
            rest.remove_prefix(1);
            auto value = take_parameter_value(rest);
            if (!value) return std::nullopt;
            one.value = std::move(*value);
        }
        out.parameters.push_back(std::move(one));
    }
    if (!rest.starts_with(':')) return std::nullopt;
    out.value = rest.substr(1);
    return out;
}

std::string unescaped(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '\\' || i + 1 == value.size()) {
            out += value[i];
            continue;
        }
        ++i;
        out += value[i] == 'n' || value[i] == 'N' ? '\n' : value[i];
    }
    return out;
}

std::string escaped(std::string_view text) {
    const std::string valid = is_utf8(text) ? std::string(text) : repaired_utf8(text);
    std::string out;
    out.reserve(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const char c = valid[i];
        if (c == '\\' || c == ';' || c == ',') {
            out += '\\';
            out += c;
        } else if (c == '\n' || c == '\r') {
            if (c == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') ++i;
            out += "\\n";
        } else if (c == '\t' || !is_control(c)) {
            out += c;
        }
    }
    return out;
}

std::string parameter_text(std::string_view name, std::string_view value) {
    std::string out = ";" + std::string(name) + "=\"";
    const std::string valid = is_utf8(value) ? std::string(value) : repaired_utf8(value);
    for (const char c : valid) {
        if (c == '^') {
            out += "^^";
        } else if (c == '"') {
            out += "^'";
        } else if (c == '\n') {
            out += "^n";
        } else if (c == '\t' || !is_control(c)) {
            out += c;
        }
    }
    return out + '"';
}

void append_line(std::string& out, std::string_view line) {
    std::size_t room = folded_at;
    while (line.size() > room) {
        auto end = room;
        // Not before the second, third or fourth octet of a character.
        while (end > 1 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
        out.append(line.substr(0, end)).append("\r\n ");
        line.remove_prefix(end);
        room = folded_at - 1;
    }
    out.append(line).append("\r\n");
}

}  // namespace perin::calendar
