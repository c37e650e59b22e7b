#include "domain/mail_address.hpp"

#include <algorithm>

namespace perin {

namespace {

constexpr std::size_t longest_address = 254;

}  // namespace

std::string mail_address(std::string_view text) {
    if (const auto open = text.rfind('<'); open != std::string_view::npos) {
        if (!text.ends_with('>')) return {};
        text = text.substr(open + 1, text.size() - open - 2);
    }
    const bool fits = !text.empty() && text.size() <= longest_address &&
                      std::ranges::count(text, '@') == 1 && text.front() != '@' &&
                      text.back() != '@';
    const bool visible = std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7f &&
               std::string_view("<>()[],;:\\\"").find(c) == std::string_view::npos;
    });
    return fits && visible ? std::string(text) : std::string();
}

}  // namespace perin
