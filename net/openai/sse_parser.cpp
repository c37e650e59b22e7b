#include "net/openai/sse_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace perin::net {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

void sse_parser::feed(std::string_view chunk) {
    if (overflowed_) return;
    rest_ = chunk;
    next_line_feed_ = nullptr;
}

std::optional<sse_event> sse_parser::next() {
    if (handed_out_) forget_event();
    while (const auto line = take_line()) {
        if (!line->empty()) {
            read_field(*line);
            if (overflowed_) return std::nullopt;
        } else if (has_data_) {
            handed_out_ = true;
            return sse_event{.type = type_, .data = data_is_view_ ? view_ : data_};
        } else {
            forget_event();
        }
    }
    keep_data();
    return std::nullopt;
}

std::optional<std::string_view> sse_parser::take_line() {
    if (line_in_partial_) {
        partial_.clear();
        line_in_partial_ = false;
    }
    if (skip_line_feed_ && !rest_.empty()) {
        skip_line_feed_ = false;
        if (rest_.front() == '\n') rest_.remove_prefix(1);
    }
    if (rest_.empty()) return std::nullopt;

    const char* const begin = rest_.data();
    const char* const end = begin + rest_.size();
    // Remembered, so that a chunk of many lines that end in CR is not searched anew for each.
    if (next_line_feed_ == nullptr || next_line_feed_ < begin) {
        const void* const found = std::memchr(begin, '\n', rest_.size());
        next_line_feed_ = found != nullptr ? static_cast<const char*>(found) : end;
    }
    const void* const carriage_return =
        std::memchr(begin, '\r', static_cast<std::size_t>(next_line_feed_ - begin));
    const char* const stop =
        carriage_return != nullptr ? static_cast<const char*>(carriage_return) : next_line_feed_;
    std::string_view line(begin, static_cast<std::size_t>(stop - begin));
    if (partial_.size() + line.size() > bound_) {
        overflowed_ = true;
        rest_ = {};
        return std::nullopt;
    }
    if (stop == end) {
        partial_.append(line);
        rest_ = {};
        return std::nullopt;
    }
    rest_.remove_prefix(line.size() + 1);
    skip_line_feed_ = *stop == '\r';
    if (!partial_.empty()) {
        partial_.append(line);
        line = partial_;
        line_in_partial_ = true;
    }
    if (at_start_) {
        at_start_ = false;
        if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    }
    return line;
}

void sse_parser::read_field(std::string_view line) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);

    if (name == "data") {
        add_data(value);
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "retry" && !value.empty() &&
               value.find_first_not_of("0123456789") == std::string_view::npos) {
        std::int64_t milliseconds = 0;
        const auto [at, error] =
            std::from_chars(value.data(), value.data() + value.size(), milliseconds);
        if (error == std::errc{}) retry_ = std::chrono::milliseconds(milliseconds);
    }
}

void sse_parser::add_data(std::string_view value) {
    if (!has_data_ && !line_in_partial_) {
        has_data_ = data_is_view_ = true;
        view_ = value;
        return;
    }
    keep_data();
    if (data_.size() + value.size() + 1 > bound_) {
        overflowed_ = true;
        rest_ = {};
        return;
    }
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
}

void sse_parser::keep_data() {
    if (!data_is_view_) return;
    data_.assign(view_);
    data_is_view_ = false;
}

void sse_parser::forget_event() {
    handed_out_ = has_data_ = data_is_view_ = false;
    view_ = {};
    data_.clear();
    type_.clear();
}

}  // namespace perin::net
