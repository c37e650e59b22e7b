#include "net/smtp/mail_text.hpp"

#include "domain/mail_address.hpp"

#include <date/date.h>
#include <sodium.h>

#include <algorithm>

namespace perin::net {

namespace {

/// Octets of text that one encoded word takes: with its frame and `Subject: ` a line has 76
/// characters at most (RFC 2047 section 2).
constexpr std::size_t word_octets = 39;
/// Octets that one line of 76 takes in Base64.
constexpr std::size_t line_octets = 57;

std::string base64(std::string_view octets) {
    constexpr int alphabet = sodium_base64_VARIANT_ORIGINAL;
    std::string out(sodium_base64_encoded_len(octets.size(), alphabet), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(octets.data()),
                      octets.size(), alphabet);
    out.pop_back();  // the terminating NUL
    return out;
}

std::string lines_of(std::string_view octets) {
    std::string out;
    for (std::size_t at = 0; at < octets.size(); at += line_octets)
        out.append(base64(octets.substr(at, line_octets))).append("\r\n");
    return out;
}

/// CR LF at each end of a line, as MIME wants text before it is encoded.
std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// The value of a header as it may stand there: itself, or encoded words.
std::string header_text(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (is_plain(text) && text.find("=?") == std::string::npos && text.size() <= 60) return text;
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        // Never in the middle of a character.
        auto size = std::min(word_octets, rest.size());
        while (size > 1 && size < rest.size() &&
               (static_cast<unsigned char>(rest[size]) & 0xc0U) == 0x80U)
            --size;
        if (!out.empty()) out += "\r\n ";
        out.append("=?UTF-8?B?").append(base64(rest.substr(0, size))).append("?=");
        rest.remove_prefix(size);
    }
    return out;
}

/// `Sun, 22 Nov 2026 10:00:00 +0000`
std::string date_of(timestamp at) {
    const auto second = date::floor<std::chrono::seconds>(at);
    return date::format("%a, %d %b %Y %H:%M:%S +0000", second);
}

std::string method_of(std::string_view ics) {
    constexpr std::string_view name = "METHOD:";
    const auto at = ics.find(name);
    if (at == std::string_view::npos) return "PUBLISH";
    const auto value = ics.substr(at + name.size());
    std::string out(value.substr(0, value.find_first_of("\r\n")));
    const bool word =
        !out.empty() && std::ranges::all_of(out, [](char c) { return c >= 'A' && c <= 'Z'; });
    return word ? out : "PUBLISH";
}

std::string part(std::string_view boundary, std::string_view type, std::string_view content) {
    std::string out("--");
    out.append(boundary).append("\r\nContent-Type: ").append(type);
    out.append("\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    return out.append(lines_of(content));
}

/// In nothing that is Base64 does a line begin with this.
constexpr std::string_view boundary = "=_perin_part";

}  // namespace

result<std::string> mail_text(const mail_parts& of) {
    const auto from = mail_address(of.from);
    const auto to = mail_address(of.to);
    if (from.empty()) return failure{error_code::invalid_request, "the sender is no address"};
    if (to.empty()) return failure{error_code::invalid_request, "the recipient is no address"};
    const auto& id = of.message_id;
    if (!id.starts_with('<') || !id.ends_with('>') || !is_plain(id) ||
        id.find(' ') != std::string::npos)
        return failure{error_code::invalid_request, "the message's id is none"};
    std::string sender = from;
    if (const auto open = of.from.rfind('<'); open != std::string::npos) {
        auto name = of.from.substr(0, open);
        std::erase_if(name, [](char c) { return c == '"' || c == '<' || c == '>'; });
        while (name.ends_with(' ')) name.pop_back();
        if (is_plain(name)) name = '"' + name + '"';
        sender = header_text(name) + " <" + from + ">";
    }
    std::string out;
    const auto header = [&out](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    header("Date", date_of(of.at));
    header("From", sender);
    header("To", to);
    header("Subject", header_text(of.subject));
    header("Message-ID", id);
    header("Auto-Submitted", "auto-generated");
    header("MIME-Version", "1.0");
    constexpr std::string_view plain = "text/plain; charset=utf-8";
    if (of.ics.empty()) {
        header("Content-Type", plain);
        header("Content-Transfer-Encoding", "base64");
        return out.append("\r\n").append(lines_of(with_crlf(of.text)));
    }
    header("Content-Type", std::string("multipart/mixed; boundary=\"").append(boundary) + '"');
    out += "\r\n";
    out += part(boundary, plain, with_crlf(of.text));
    std::string type("text/calendar; charset=utf-8; method=");
    type.append(method_of(of.ics)).append("; name=\"invite.ics\"");
    out += part(boundary, type, of.ics);
    return out.append("--").append(boundary).append("--\r\n");
}

}  // namespace perin::net
