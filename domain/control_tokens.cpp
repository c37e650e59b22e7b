#include "domain/control_tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

namespace perin {

namespace {

constexpr std::string_view brackets = "[[";
constexpr std::string_view word_joiner = "\xE2\x81\xA0";  // U+2060
constexpr std::string_view token_start = "[[PERIN_";
constexpr std::string_view escaped_start = "[[\xE2\x81\xA0";

std::string token(std::string_view kind, std::initializer_list<std::string_view> values) {
    std::string out(token_start);
    out += kind;
    for (const auto value : values) {
        out += ':';
        out += escape_token_value(value);
    }
    out += "]]";
    return out;
}

}  // namespace

std::string text_escaper::push(std::string_view text) {
    std::string out;
    out.reserve(held_size_ + text.size());
    while (!text.empty()) {
        if (held_size_ == 0) {
            const auto run = std::min(text.find('['), text.size());
            out.append(text.substr(0, run));
            text.remove_prefix(run);
            if (text.empty()) break;
        }
        step(out, text.front());
        text.remove_prefix(1);
    }
    return out;
}

/// ```
///              [         [          P E R I N _
///   (nothing) ---> "[" ---> "[[" ------------------> joiner put in
///                           |  ^ \   E2 81 A0
///                           +--+  +----------------> joiner put in
///                       [: one goes out
/// ```
/// Anything else lets go of what waits, and is looked at anew.
void text_escaper::step(std::string& out, char c) {
    held_[held_size_++] = c;
    const std::string_view held(held_.data(), held_size_);
    if (held == token_start) {
        out += brackets;
        out += word_joiner;
        out += token_start.substr(brackets.size());
        held_size_ = 0;
    } else if (held == escaped_start) {
        out += escaped_start;
        out += word_joiner;
        held_size_ = 0;
    } else if (!token_start.starts_with(held) && !escaped_start.starts_with(held)) {
        // The only beginning that can overlap with what waits is made of brackets.
        const bool bracket = c == '[';
        const std::size_t kept = bracket ? (held == "[[[" ? 2 : 1) : 0;
        out += held.substr(0, held_size_ - kept);
        std::fill_n(held_.begin(), kept, '[');
        held_size_ = kept;
    }
}

std::string text_escaper::flush() {
    std::string out(held_.data(), held_size_);
    held_size_ = 0;
    return out;
}

std::string escape_token_value(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char c : value) {
        switch (c) {
            case '%':
                out += "%25";
                break;
            case ':':
                out += "%3A";
                break;
            case '[':
                out += "%5B";
                break;
            case ']':
                out += "%5D";
                break;
            case '\r':
                out += "%0D";
                break;
            case '\n':
                out += "%0A";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string notice_token(std::string_view code) { return token("NOTICE", {code}); }

std::string error_token(std::string_view code, std::string_view message) {
    return token("ERROR", {code, message});
}

std::string confidence_number(double confidence) {
    // A NaN is no JSON number.
    const double shown = std::isnan(confidence) ? 0.0 : std::clamp(confidence, 0.0, 1.0);
    std::array<char, 32> number{};
    const auto end = std::to_chars(number.data(), number.data() + number.size(), shown).ptr;
    return {number.data(), end};
}

std::string initiated_token(std::string_view reasoning, double confidence) {
    return token("MULTI_STEP", {"initiated", reasoning, confidence_number(confidence)});
}

std::string multi_step_token(std::string_view word) { return token("MULTI_STEP", {word}); }

std::string multi_step_failed_token(std::string_view code) {
    return token("MULTI_STEP", {"failed", code});
}

std::string step_start_token(std::string_view step_id, std::string_view step_name) {
    return token("STEP", {"start", step_id, step_name});
}

std::string step_end_token(std::string_view step_id) { return token("STEP", {"end", step_id}); }

std::string progress_token(std::string_view message) { return token("PROGRESS", {message}); }

std::string step_result_token(std::string_view step_id, std::string_view status,
                              std::optional<std::string_view> outcome) {
    if (outcome) return token("STEP_RESULT", {step_id, status, *outcome});
    return token("STEP_RESULT", {step_id, status});
}

namespace {

struct token_maker {
    std::string operator()(const multi_step_initiated& body) const {
        return initiated_token(body.reasoning, body.confidence);
    }
    std::string operator()(const multi_step_changed& body) const {
        if (body.to == multi_step_change::failed)
            return multi_step_failed_token(body.reason.empty() ? "internal" : body.reason);
        return multi_step_token(to_string(body.to));
    }
    std::string operator()(const step_began& body) const {
        return step_start_token(body.of.step_id, body.of.name);
    }
    std::string operator()(const step_progressed& body) const {
        return progress_token(body.message);
    }
    std::string operator()(const step_result& body) const {
        const auto* status = to_string(body.status);
        if (body.outcome.is_null()) return step_result_token(body.of.step_id, status);
        return step_result_token(
            body.of.step_id, status,
            body.outcome.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    std::string operator()(const step_ended& body) const { return step_end_token(body.of.step_id); }
    template <class Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

}  // namespace

std::string token_of(const event_body& body) { return std::visit(token_maker{}, body); }

}  // namespace perin
