#include "domain/account_rules.hpp"

#include "domain/text.hpp"

#include <algorithm>

namespace perin {

namespace {

constexpr std::size_t longest_email = 254;
constexpr std::size_t longest_local_part = 64;
constexpr std::size_t longest_name = 200;
constexpr std::size_t shortest_password = 8;
constexpr std::size_t longest_password = 1024;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

failure invalid(std::string detail) { return {error_code::invalid_request, std::move(detail)}; }

}  // namespace

result<std::string> normalized_email(std::string_view text) {
    const auto at = text.find('@');
    const bool fits = text.size() <= longest_email && at != std::string_view::npos &&
                      at == text.rfind('@') && at > 0 && at <= longest_local_part &&
                      at + 1 < text.size() && is_utf8(text) && !has_control(text) &&
                      text.find_first_of(" <>,;:\"()[]\\") == std::string_view::npos;
    const auto host = fits ? text.substr(at + 1) : std::string_view();
    const bool dots = host.starts_with('.') || host.ends_with('.') || host.find("..") != host.npos;
    if (!fits || dots) return invalid("must be an e-mail address");
    std::string email(text);
    for (char& c : email) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return email;
}

result<void> check_password(std::string_view password) {
    if (password.size() < shortest_password || password.size() > longest_password) {
        return invalid("must have 8 to 1024 bytes");
    }
    if (!is_utf8(password) || has_control(password)) {
        return invalid("must be UTF-8 without control characters");
    }
    return {};
}

result<void> check_name(std::string_view name) {
    const bool fits =
        !name.empty() && is_utf8(name) && !has_control(name) && code_points(name) <= longest_name;
    if (fits) return {};
    return invalid("must have 1 to 200 characters and no control characters");
}

}  // namespace perin
