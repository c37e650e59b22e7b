#include "runtime/supervision/end_reason.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace perin::runtime {

namespace {

constexpr std::size_t longest = 160;
constexpr std::size_t token_length = 20;
constexpr auto left_out = "...";

constexpr std::array<std::string_view, 8> secret_prefixes{"prs_", "prn_", "pra_", "sk-",
                                                          "gho_", "ghp_", "xox",  "eyJ"};

bool is_token_octet(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '+' || c == '/' || c == '=';
}

bool looks_secret(std::string_view word) {
    for (auto prefix : secret_prefixes)
        if (word.starts_with(prefix) && word.size() > prefix.size()) return true;
    if (word.size() < token_length) return false;
    return std::any_of(word.begin(), word.end(),
                       [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

/// The octet that ends what this one begins; 0 where it begins nothing. An apostrophe within a word
/// is none.
char closing_mark(std::string_view text, std::size_t at) {
    auto c = text[at];
    if (c == '"' || c == '`') return c;
    auto in_word = at != 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
    return c == '\'' && !in_word ? c : '\0';
}

std::string without_quotations(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto mark = closing_mark(text, at);
        if (mark == '\0') {
            out += text[at];
            continue;
        }
        // The last one: what is quoted may contain the mark itself.
        auto end = text.rfind(mark);
        out += mark;
        out += left_out;
        if (end == at) return out;
        out += mark;
        at = end;
    }
    return out;
}

/// Leaves out an address's user part and query.
void bare_address(std::string& word) {
    auto scheme = word.find("://");
    if (scheme == std::string::npos) return;
    if (auto query = word.find_first_of("?#"); query != std::string::npos)
        word.replace(query, std::string::npos, left_out);
    auto path = word.find('/', scheme + 3);
    auto user_end = word.rfind('@', path);
    if (user_end != std::string::npos && user_end > scheme)
        word.replace(scheme + 3, user_end - scheme - 3, left_out);
}

std::string without_secrets(const std::string& text) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        auto end = std::min(text.find(' ', at), text.size());
        auto word = text.substr(at, end - at);
        auto address = word.find("://") != std::string::npos;
        bare_address(word);
        for (std::size_t begin = 0; begin < word.size();) {
            auto stop = begin;
            while (stop < word.size() && is_token_octet(word[stop]) &&
                   !(address && word[stop] == '/'))
                ++stop;
            auto part = std::string_view(word).substr(begin, stop - begin);
            // `key=value`: only the value may be one.
            if (auto sign = part.find('='); sign != part.npos && sign + 1 < part.size()) {
                out += part.substr(0, sign + 1);
                part.remove_prefix(sign + 1);
            }
            if (looks_secret(part))
                out += left_out;
            else
                out += part;
            if (stop < word.size()) out += word[stop++];
            begin = stop;
        }
        if (end < text.size()) out += ' ';
        at = end + 1;
    }
    return out;
}

void cut(std::string& text) {
    if (text.size() <= longest) return;
    auto at = longest - 3;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    text.resize(at);
    text += left_out;
}

const std::string* told_in(const caf::error& reason) {
    const auto& context = reason.context();
    if (!context.match_elements<std::string>()) return nullptr;
    return &context.get_as<std::string>(0);
}

bool is_system(const caf::error& reason, caf::sec code) {
    return reason.category() == caf::atom("system") && reason.code() == static_cast<uint8_t>(code);
}

}  // namespace

std::string short_reason(std::string_view text) {
    std::string line(text.substr(0, 4 * longest));
    for (auto& c : line) {
        auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet == 0x7F) c = ' ';
    }
    auto out = without_secrets(without_quotations(line));
    cut(out);
    return out.empty() ? "no reason was told" : out;
}

caf::error thrown_reason(const std::exception_ptr& thrown) {
    std::string text = "something was thrown that is no exception";
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& why) {
        text = short_reason(why.what());
    } catch (...) {
        // As it says.
    }
    return caf::make_error(caf::sec::runtime_error, std::move(text));
}

bool ended_well(const caf::error& reason) noexcept {
    return !reason || reason == caf::make_error(caf::exit_reason::user_shutdown);
}

std::string reason_text(const caf::error& reason) {
    if (!reason) return "it ended by itself";
    if (const auto* text = told_in(reason)) return short_reason(*text);
    if (reason.category() == caf::atom("exit"))
        return to_string(static_cast<caf::exit_reason>(reason.code()));
    if (reason.category() == caf::atom("system"))
        return to_string(static_cast<caf::sec>(reason.code()));
    return "error " + std::to_string(reason.code());
}

failure failure_of(const caf::error& reason, std::string_view whom) {
    std::string who(whom);
    if (is_system(reason, caf::sec::request_timeout))
        return {error_code::unavailable, who + " does not answer in time"};
    if (is_system(reason, caf::sec::runtime_error) ||
        is_system(reason, caf::sec::unexpected_message) ||
        is_system(reason, caf::sec::unexpected_response))
        return {error_code::internal, who + " failed"};
    return {error_code::unavailable, who + " does not answer"};
}

}  // namespace perin::runtime
