#include "domain/offline/arithmetic.hpp"

#include "domain/offline/intent_row.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace perin::offline {

namespace {

constexpr std::size_t longest_sum = 2'000;
constexpr int deepest = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> spellings{{
    {"multiplied by", "*"},
    {"divided by", "/"},
    {"to the power of", "^"},
    {"squared", "^2"},
    {"cubed", "^3"},
    {"plus", "+"},
    {"minus", "-"},
    {"times", "*"},
    {"over", "/"},
    {"x", "*"},
    {"percent of", "%o"},
    {"percent", "%"},
    {"of", "o"},
    {"\xC3\x97", "*"},
    {"\xC3\xB7", "/"},
    {"\xE2\x88\x92", "-"},
    {"\xC2\xB7", "*"},
}};

/// The sum in signs only, 'o' for "of"; nothing where there are other words.
std::optional<std::string> in_signs(std::string_view lower) {
    if (lower.size() > longest_sum) return std::nullopt;
    std::string signs;
    while (!lower.empty()) {
        const char c = lower.front();
        if (c == ' ') {
            // A space parts numbers: "1 2" is not 12.
            if (!signs.empty() && signs.back() != ' ') signs += ' ';
            lower.remove_prefix(1);
            continue;
        }
        if (is_digit(c) || std::string_view("+-*/^%().,").find(c) != std::string_view::npos) {
            signs += c;
            lower.remove_prefix(1);
            continue;
        }
        bool known = false;
        for (const auto& [word, sign] : spellings) {
            if (!lower.starts_with(word)) continue;
            // "15% of 80", but not "5 of 6".
            if (sign == "o" && !trimmed(signs).ends_with('%')) continue;
            signs += sign;
            lower.remove_prefix(word.size());
            known = true;
            break;
        }
        if (!known) return std::nullopt;
    }
    return signs;
}

class calculator {
  public:
    explicit calculator(std::string_view signs) : rest_(signs) {}

    sum_value run() {
        const long double value = sum(0);
        skip();
        if (problem_.empty() && !rest_.empty()) fail("I cannot read that as a sum.");
        if (problem_.empty() && !std::isfinite(value))
            fail("The result is not a number that I can write down.");
        if (!problem_.empty()) return {std::nullopt, problem_};
        return {written(value), {}};
    }

  private:
    void skip() {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }

    bool take(std::string_view sign) {
        skip();
        if (!rest_.starts_with(sign)) return false;
        rest_.remove_prefix(sign.size());
        return true;
    }

    long double fail(std::string why) {
        if (problem_.empty()) problem_ = std::move(why);
        rest_ = {};
        return 0;
    }

    long double sum(int depth) {
        long double value = product(depth);
        for (;;) {
            if (take("+"))
                value += product(depth);
            else if (take("-"))
                value -= product(depth);
            else
                return value;
        }
    }

    long double product(int depth) {
        long double value = signed_power(depth);
        for (;;) {
            if (rest_.starts_with("**")) return value;
            if (take("*") || take("o")) {
                value *= signed_power(depth);
            } else if (take("/")) {
                const long double by = signed_power(depth);
                if (by == 0) return fail_by_zero();
                value /= by;
            } else {
                return value;
            }
        }
    }

    long double fail_by_zero() {
        return problem_.empty() ? fail("That is a division by zero, which has no result.") : 0;
    }

    /// A sign binds less than a power: -2^2 is -4.
    long double signed_power(int depth) {
        bool negative = false;
        for (;;) {
            if (take("-"))
                negative = !negative;
            else if (!take("+"))
                break;
        }
        const long double value = power(depth);
        return negative ? -value : value;
    }

    long double power(int depth) {
        if (depth > deepest) return fail("That has too many levels for me.");
        const long double base = atom(depth);
        if (!take("**") && !take("^")) return base;
        const long double exponent = signed_power(depth + 1);
        if (base == 0 && exponent < 0) return fail_by_zero();
        return std::pow(base, exponent);
    }

    long double atom(int depth) {
        skip();
        long double value = 0;
        if (take("(")) {
            if (depth >= deepest) return fail("That has too many levels for me.");
            value = sum(depth + 1);
            if (!take(")")) return fail("I cannot read that as a sum.");
        } else {
            value = number();
        }
        while (take("%")) value /= 100;
        return value;
    }

    long double number() {
        long double value = 0;
        long double place = 1;
        bool fraction = false;
        bool any = false;
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            const char c = rest_.front();
            if (is_digit(c)) {
                any = true;
                value = value * 10 + static_cast<long double>(c - '0');
                if (fraction) place *= 10;
            } else if (c == '.' && !fraction) {
                fraction = true;
            } else if (c != ',' || fraction || !any || !groups_thousand()) {
                break;
            }
        }
        if (!any) return fail("I cannot read that as a sum.");
        return value / place;
    }

    /// A comma with exactly three digits behind it.
    [[nodiscard]] bool groups_thousand() const {
        if (rest_.size() < 4 || (rest_.size() > 4 && is_digit(rest_[4]))) return false;
        return is_digit(rest_[1]) && is_digit(rest_[2]) && is_digit(rest_[3]);
    }

    static std::string written(long double value) {
        std::array<char, 64> text{};
        const bool whole = std::fabs(value) < 1e18L && value == std::floor(value);
        std::snprintf(text.data(), text.size(), whole ? "%.0Lf" : "%.12Lg",
                      value == 0 ? 0.0L : value);  // no "-0"
        return text.data();
    }

    std::string_view rest_;
    std::string problem_;
};

std::string_view sum_within(std::string_view lower) {
    if (const auto rest = after_any(lower, {"what is ", "how much is ", "calculate ", "compute ",
                                            "work out ", "evaluate ", "solve "}))
        lower = *rest;
    return trimmed(lower, "=?");
}

bool is_iso_date(std::string_view text) {
    return text.size() == 10 && text[4] == '-' && text[7] == '-' &&
           text.find_first_not_of("0123456789-") == std::string_view::npos;
}

}  // namespace

bool is_sum(std::string_view lower) {
    if (is_iso_date(lower)) return false;
    const auto signs = in_signs(lower);
    if (!signs) return false;
    const auto digit = signs->find_first_of("0123456789");
    return digit != std::string::npos && signs->find_first_of("+-*/^%") != std::string::npos;
}

sum_value value_of_sum(std::string_view lower) {
    const auto signs = in_signs(lower);
    if (!signs) return {std::nullopt, "I cannot read that as a sum."};
    return calculator(*signs).run();
}

std::optional<reading> match_sum(const question& asked) {
    const auto sum = sum_within(asked.said.lower);
    if (!is_sum(sum)) return std::nullopt;
    return reading{.content = std::string(sum)};
}

std::string answer_sum(const reading& what, const question&) {
    const auto result = value_of_sum(what.content);
    if (!result.value) return result.problem;
    if (what.content.size() > 80) return "That makes " + *result.value + ".";
    return what.content + " = " + *result.value;
}

}  // namespace perin::offline
