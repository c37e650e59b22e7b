#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perin::offline {

/// Whether `lower` is a sum and nothing else: numbers, brackets and at least one operator, in signs
/// or words ("three" is no number here, "times" is an operator), at most 2,000 bytes.
[[nodiscard]] bool is_sum(std::string_view lower);

/// The value of a sum, as text, or what keeps it from having one, as a sentence.
struct sum_value {
    std::optional<std::string> value;
    std::string problem;
};

/// Brackets, then powers (from the right), signs, products, sums; `15% of 80` is 12. Reckons in
/// long double: whole numbers are exact up to 18 digits, anything else has 12. Brackets nest up to
/// 100 deep.
[[nodiscard]] sum_value value_of_sum(std::string_view lower);

}  // namespace perin::offline
