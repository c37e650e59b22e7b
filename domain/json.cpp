#include "domain/json.hpp"

#include "domain/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace perin {

namespace {

using nlohmann::json;

/// Builds the value from the parser's events, and refuses to go deeper than allowed.
class tree_builder final : public nlohmann::json_sax<json> {
  public:
    explicit tree_builder(std::size_t max_depth) : max_depth_(max_depth) {}

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; }

    bool start_object(std::size_t) override { return open(json::value_t::object); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(json::value_t::array); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        // Stays valid: nothing else is put into this object before the member's value is there.
        member_ = &open_.back()->get_ref<json::object_t&>()[std::move(name)];
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& why) override {
        position_ = position;
        surrogate_ = says_surrogate(why.what());
        out_of_range_ = why.id == 406;
        return false;
    }

    [[nodiscard]] json take() { return std::move(root_); }

    [[nodiscard]] std::string what_is_wrong(std::size_t text_size) const {
        if (too_deep_)
            return "is nested deeper than " + std::to_string(max_depth_) + " levels of JSON";
        const auto where = " at byte " + std::to_string(position_);
        if (surrogate_) return "has a lone surrogate" + where;
        if (out_of_range_) return "has a number out of range" + where;
        if (has_root_ && open_.empty()) return "has something after the JSON value" + where;
        if (position_ > text_size) return "ends within the JSON value";
        return "is not JSON" + where;
    }

  private:
    template <class T>
    json* place(T&& value) {
        if (open_.empty()) {
            root_ = json(std::forward<T>(value));
            has_root_ = true;
            return &root_;
        }
        if (open_.back()->is_object()) {
            *member_ = json(std::forward<T>(value));
            return member_;
        }
        return &open_.back()->get_ref<json::array_t&>().emplace_back(std::forward<T>(value));
    }

    template <class T>
    bool add(T&& value) {
        place(std::forward<T>(value));
        return true;
    }

    bool open(json::value_t kind) {
        if (open_.size() == max_depth_) {
            too_deep_ = true;
            return false;
        }
        open_.push_back(place(kind));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    /// The library has no code of its own for it. What it read last is quoted after its reason and
    /// must not be mistaken for it.
    static bool says_surrogate(std::string_view what) {
        return what.substr(0, what.find("last read:")).find("surrogate") != std::string_view::npos;
    }

    std::size_t max_depth_;
    json root_;
    bool has_root_ = false;
    /// The arrays and objects that are not closed yet, the innermost last.
    std::vector<json*> open_;
    json* member_ = nullptr;
    bool too_deep_ = false;
    bool surrogate_ = false;
    bool out_of_range_ = false;
    std::size_t position_ = 0;
};

failure invalid(std::string detail, std::string pointer = "") {
    return {error_code::invalid_request, std::move(detail), std::move(pointer)};
}

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

/// The integer that a JSON number is; nothing where it is none or lies outside of 64 bits.
std::optional<std::int64_t> integer_of(const json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (!value.is_number_float()) return std::nullopt;
    const auto number = value.get<double>();
    constexpr double limit = 9007199254740992.0;  // 2^53: past it doubles have gaps
    if (std::trunc(number) != number || std::abs(number) > limit) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::string count_text(std::size_t least, std::size_t most, std::string_view unit) {
    return "must have " + std::to_string(least) + " to " + std::to_string(most) + " " +
           std::string(unit);
}

}  // namespace

result<json> parse_json(std::string_view text, std::size_t max_depth) {
    if (const auto good = valid_utf8_length(text); good != text.size())
        return invalid("is not UTF-8 at byte " + std::to_string(good + 1));
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return invalid("is empty");
    // The library takes a zero byte for the end of the text, whatever comes after it.
    if (const auto zero = text.find('\0'); zero != std::string_view::npos)
        return invalid("is not JSON at byte " + std::to_string(zero + 1));
    tree_builder builder(max_depth);
    if (!json::sax_parse(text.begin(), text.end(), &builder))
        return invalid(builder.what_is_wrong(text.size()));
    return builder.take();
}

std::string json_pointer(std::string_view pointer, std::string_view token) {
    std::string out(pointer);
    out += '/';
    for (const char c : token) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

json_reader::json_reader(const json& object, std::string pointer)
    : object_(object), pointer_(std::move(pointer)) {
    if (!object_.is_object()) error_ = invalid("must be an object", pointer_);
}

const json* json_reader::field(std::string_view name) const {
    if (error_) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void json_reader::fail(std::string_view name, std::string detail) {
    if (!error_) error_ = invalid(std::move(detail), json_pointer(pointer_, name));
}

void json_reader::fail_missing(std::string_view name) { fail(name, "is required"); }

std::optional<std::string> json_reader::optional_text(std::string_view name, std::size_t min_cp,
                                                      std::size_t max_cp) {
    const auto* value = field(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        fail(name, "must be a string");
        return std::nullopt;
    }
    const auto& text = value->get_ref<const std::string&>();
    if (!is_utf8(text)) {
        fail(name, "must be UTF-8");
        return std::nullopt;
    }
    if (text.find('\0') != std::string::npos) {
        fail(name, "must not contain U+0000");
        return std::nullopt;
    }
    if (const auto length = code_points(text); length < min_cp || length > max_cp) {
        fail(name, count_text(min_cp, max_cp, "characters"));
        return std::nullopt;
    }
    return text;
}

std::string json_reader::required_text(std::string_view name, std::size_t min_cp,
                                       std::size_t max_cp) {
    auto text = optional_text(name, min_cp, max_cp);
    if (text) return *std::move(text);
    fail_missing(name);
    return {};
}

std::optional<double> json_reader::optional_number(std::string_view name, double lo, double hi) {
    const auto* value = field(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
        fail(name, "must be a number");
        return std::nullopt;
    }
    const auto number = value->get<double>();
    // Written so that a NaN, which a value that was not parsed may hold, is outside too.
    if (!(number >= lo && number <= hi)) {
        fail(name, "must be from " + number_text(lo) + " to " + number_text(hi));
        return std::nullopt;
    }
    return number;
}

std::optional<std::int64_t> json_reader::optional_integer(std::string_view name, std::int64_t lo,
                                                          std::int64_t hi) {
    const auto* value = field(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
        fail(name, "must be an integer");
        return std::nullopt;
    }
    if (const auto number = integer_of(*value); number && *number >= lo && *number <= hi)
        return number;
    const auto whole =
        !value->is_number_float() || std::trunc(value->get<double>()) == value->get<double>();
    fail(name, whole ? "must be from " + std::to_string(lo) + " to " + std::to_string(hi)
                     : "must be an integer");
    return std::nullopt;
}

std::optional<bool> json_reader::optional_bool(std::string_view name) {
    const auto* value = field(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) {
        fail(name, "must be true or false");
        return std::nullopt;
    }
    return value->get<bool>();
}

const json* json_reader::optional_array(std::string_view name, std::size_t min_items,
                                        std::size_t max_items) {
    const auto* value = field(name);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) {
        fail(name, "must be an array");
        return nullptr;
    }
    if (value->size() < min_items || value->size() > max_items) {
        fail(name, count_text(min_items, max_items, "items"));
        return nullptr;
    }
    return value;
}

const json* json_reader::required_array(std::string_view name, std::size_t min_items,
                                        std::size_t max_items) {
    const auto* value = optional_array(name, min_items, max_items);
    if (value == nullptr) fail_missing(name);
    return value;
}

}  // namespace perin
