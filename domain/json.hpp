#pragma once

#include "domain/result.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perin {

/// Reads one JSON text (RFC 8259) with nothing but white space around it; of equal names in an
/// object the last wins. Never throws. `invalid_request` where it is not JSON or not UTF-8, holds a
/// lone surrogate, or nests arrays and objects deeper than `max_depth`; too deep a nesting is
/// noticed before memory is spent on it. The detail names the byte (from 1) but repeats nothing of
/// the text.
[[nodiscard]] result<nlohmann::json> parse_json(std::string_view text, std::size_t max_depth = 32);

/// `pointer` and one more reference token, with `~` and `/` escaped (RFC 6901 section 3).
[[nodiscard]] std::string json_pointer(std::string_view pointer, std::string_view token);

/// Reads the fields of a request's body. The first failure sticks: it is an `invalid_request` with
/// the pointer of its field, also where the field is missing, and every later read returns nothing.
/// A field that is null counts as absent; unknown fields are not looked at. Not for several
/// threads.
class json_reader {
  public:
    /// `object` is at `pointer` in the body and must outlive the reader; it is a failure of its own
    /// where it is not an object.
    explicit json_reader(const nlohmann::json& object, std::string pointer = "");
    explicit json_reader(const nlohmann::json&&, std::string = "") = delete;

    /// A text of `min_cp` to `max_cp` code points without U+0000; empty after a failure.
    [[nodiscard]] std::string required_text(std::string_view name, std::size_t min_cp,
                                            std::size_t max_cp);
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view name,
                                                           std::size_t min_cp, std::size_t max_cp);
    /// A number from `lo` to `hi`, both included.
    [[nodiscard]] std::optional<double> optional_number(std::string_view name, double lo,
                                                        double hi);
    /// The same without a fractional part; `30.0` is an integer, as in JSON Schema.
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name,
                                                               std::int64_t lo, std::int64_t hi);
    [[nodiscard]] std::optional<bool> optional_bool(std::string_view name);
    /// An array of `min_items` to `max_items`; its items are not looked at.
    [[nodiscard]] const nlohmann::json* optional_array(std::string_view name, std::size_t min_items,
                                                       std::size_t max_items);
    [[nodiscard]] const nlohmann::json* required_array(std::string_view name, std::size_t min_items,
                                                       std::size_t max_items);

    [[nodiscard]] const std::optional<failure>& error() const { return error_; }

  private:
    /// The field's value; null where it is absent, or after a failure.
    [[nodiscard]] const nlohmann::json* field(std::string_view name) const;
    void fail(std::string_view name, std::string detail);
    void fail_missing(std::string_view name);

    const nlohmann::json& object_;
    std::string pointer_;
    std::optional<failure> error_;
};

}  // namespace perin
