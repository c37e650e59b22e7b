#include "persistence/row_digest.hpp"

#include "domain/json.hpp"

#include <nlohmann/json.hpp>
#include <sodium.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace perin::persistence {

namespace {

/// Deeper than anything that is kept.
constexpr std::size_t deepest_json = 512;
/// Up to here every whole number is a `double`.
constexpr double most_exact = 9'007'199'254'740'992.0;

/// PostgreSQL keeps 1e2 as 100 and 1e19 as a whole number, and has no negative zero.
void unify_numbers(nlohmann::json& in) {
    if (in.is_structured()) {
        for (auto& each : in) unify_numbers(each);
        return;
    }
    if (!in.is_number()) return;
    const double number = in.get<double>();
    if (std::abs(number) >= most_exact) {
        in = number;
    } else if (in.is_number_float() && std::trunc(number) == number) {
        in = static_cast<std::int64_t>(number);
    }
}

void append_number(std::string& to, std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) to += static_cast<char>(number >> shift);
}

/// Each value with its kind and, where it needs one, its length: no two rows have the same text.
void append(std::string& to, const value& from, bool json) {
    if (const auto* text = std::get_if<std::string>(&from)) {
        const auto shown = json ? canonical_json(*text) : *text;
        to += 't';
        append_number(to, shown.size());
        to += shown;
    } else if (const auto* whole = std::get_if<std::int64_t>(&from)) {
        to += 'i';
        append_number(to, static_cast<std::uint64_t>(*whole));
    } else if (const auto* real = std::get_if<double>(&from)) {
        to += 'r';
        append_number(to, std::bit_cast<std::uint64_t>(*real));
    } else {
        to += 'n';
    }
}

}  // namespace

std::string canonical_json(const std::string& text) {
    auto read = parse_json(text, deepest_json);
    if (!read) return text;
    unify_numbers(*read);
    return read->dump();
}

void row_digest::add(const row& next) {
    std::string text;
    for (std::size_t i = 0; i < next.size(); ++i) {
        append(text, next.at(i), i < json_.size() && json_[i]);
    }
    std::array<unsigned char, 32> hash{};
    ::crypto_generichash(hash.data(), hash.size(),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                         0);
    for (std::size_t i = 0; i < sum_.size(); ++i) {
        std::uint64_t part = 0;
        std::memcpy(&part, hash.data() + i * sizeof part, sizeof part);
        sum_[i] += part;
    }
    ++rows_;
}

}  // namespace perin::persistence
