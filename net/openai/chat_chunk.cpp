#include "net/openai/chat_chunk.hpp"

#include "domain/text.hpp"
#include "net/openai/cut_surrogates.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace perin::net {

namespace {

using json = nlohmann::json;

constexpr std::size_t max_depth = 64;

/// Where in the document the parser is; `elsewhere` is all that we ignore.
enum class place : std::uint8_t {
    elsewhere,
    document,
    root,
    choices,
    choice,
    message,
    content_parts,
    content_part,
    tool_calls,
    tool_call,
    function,
    usage,
    error,
};

/// What a container is that begins at `key` of `parent`.
place child_of(place parent, std::string_view key, bool is_array) {
    struct rule {
        place parent;
        std::string_view key;
        bool is_array;
        place child;
    };
    static constexpr std::array rules{
        rule{place::document, "", false, place::root},
        rule{place::root, "choices", true, place::choices},
        rule{place::root, "usage", false, place::usage},
        rule{place::root, "error", false, place::error},
        rule{place::choices, "", false, place::choice},
        rule{place::choice, "delta", false, place::message},
        rule{place::choice, "message", false, place::message},
        rule{place::message, "content", true, place::content_parts},
        rule{place::content_parts, "", false, place::content_part},
        rule{place::message, "tool_calls", true, place::tool_calls},
        rule{place::tool_calls, "", false, place::tool_call},
        rule{place::tool_call, "function", false, place::function},
    };
    for (const auto& rule : rules) {
        if (rule.parent == parent && rule.is_array == is_array && rule.key == key) {
            return rule.child;
        }
    }
    return place::elsewhere;
}

model_finish finish_of(std::string_view reason) {
    if (reason == "length") return model_finish::length;
    if (reason == "tool_calls" || reason == "function_call") return model_finish::tool_calls;
    if (reason == "content_filter") return model_finish::content_filter;
    return model_finish::stop;
}

/// The receiver of nlohmann's SAX events: no document is built.
class chunk_reader {
  public:
    /// `marked`: the text is one of `with_marked_halves`.
    chunk_reader(chat_chunk& out, bool marked) : out_(out), marked_(marked) {
        places_[0] = place::document;
    }

    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_float(json::number_float_t, const std::string&) { return true; }
    bool binary(json::binary_t&) { return true; }
    bool number_integer(json::number_integer_t value) {
        number(value);
        return true;
    }
    bool number_unsigned(json::number_unsigned_t value) {
        number(static_cast<std::int64_t>(
            std::min<json::number_unsigned_t>(value, json::number_unsigned_t{INT64_MAX})));
        return true;
    }
    bool string(std::string& value) {
        if (marked_) restore(value);
        text(value);
        return true;
    }
    bool key(std::string& name) {
        std::swap(key_, name);
        return true;
    }
    bool start_object(std::size_t) { return enter(false); }
    bool start_array(std::size_t) { return enter(true); }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }
    template <class Exception>
    bool parse_error(std::size_t, const std::string&, const Exception&) {
        return false;
    }

    [[nodiscard]] bool was_object() const { return was_object_; }

  private:
    [[nodiscard]] place here() const { return places_[depth_]; }

    bool enter(bool is_array) {
        auto child = child_of(here(), key_, is_array);
        key_.clear();
        if (child == place::root) was_object_ = true;
        if (child == place::choice && choices_++ > 0) child = place::elsewhere;
        if (child == place::usage) out_.usage.emplace();
        if (child == place::error && !out_.error) out_.error.emplace();
        if (child == place::tool_call) out_.calls.emplace_back();
        if (++depth_ == max_depth) return false;
        places_[depth_] = child;
        return true;
    }

    bool leave() {
        --depth_;
        key_.clear();
        return true;
    }

    /// Only what goes on in the next chunk may have halves of characters.
    void restore(std::string& value) const {
        value = with_halves(value);
        const auto goes_on = here() == place::message || here() == place::content_part ||
                             (here() == place::function && key_ == "arguments");
        if (!goes_on) value = repaired_utf8(value);
    }

    void add_text(std::string& value) {
        if (value.empty()) return;
        ++out_.texts;
        if (out_.text.empty()) {
            std::swap(out_.text, value);
        } else {
            out_.text += value;
        }
    }

    void text(std::string& value) {
        switch (here()) {
            case place::message:
                if (key_ == "content" || key_ == "refusal") add_text(value);
                if (key_ == "content") ++out_.contents;
                break;
            case place::content_part:
                if (key_ == "text") add_text(value);
                break;
            case place::choice:
                if (key_ == "finish_reason") out_.finish = finish_of(value);
                break;
            case place::tool_call:
                if (key_ == "id") out_.calls.back().id = std::move(value);
                break;
            case place::function:
                if (key_ == "name") out_.calls.back().name = std::move(value);
                if (key_ == "arguments") out_.calls.back().arguments = std::move(value);
                break;
            case place::error:
                if (key_ == "code") out_.error->code = std::move(value);
                if (key_ == "type") out_.error->type = std::move(value);
                if (key_ == "status") out_.error->reason = std::move(value);
                break;
            case place::root:
                // Not an object, and still an error: `{"error":"..."}`, `{"object":"error"}`.
                if (key_ == "error" || (key_ == "object" && value == "error")) {
                    if (!out_.error) out_.error.emplace();
                }
                break;
            default:
                break;
        }
    }

    void number(std::int64_t value) {
        if (here() == place::tool_call && key_ == "index") {
            out_.calls.back().index = value;
        } else if (here() == place::usage) {
            if (key_ == "prompt_tokens") out_.usage->prompt_tokens = value;
            if (key_ == "completion_tokens") out_.usage->completion_tokens = value;
            if (key_ == "total_tokens") out_.usage->total_tokens = value;
        }
    }

    chat_chunk& out_;
    const bool marked_;
    std::array<place, max_depth> places_{};
    std::size_t depth_ = 0;
    std::size_t choices_ = 0;
    bool was_object_ = false;
    std::string key_;
};

std::optional<chat_chunk> parse(std::string_view payload, bool marked = false) {
    chat_chunk out;
    chunk_reader reader(out, marked);
    if (!json::sax_parse(payload.begin(), payload.end(), &reader) || !reader.was_object()) {
        return std::nullopt;
    }
    return out;
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

}  // namespace

std::optional<chat_chunk> read_chat_chunk(std::string_view payload) {
    if (auto chunk = parse(payload)) return chunk;
    std::string repaired;
    if (!is_utf8(payload)) {
        repaired = repaired_utf8(payload);
        payload = repaired;
        if (auto chunk = parse(payload)) return chunk;
    }
    const auto marked = with_marked_halves(payload);
    return marked ? parse(*marked, true) : std::nullopt;
}

void text_chunk_pattern::learn(std::string_view payload, const chat_chunk& chunk) {
    if (!chunk.only_content() || !std::ranges::all_of(chunk.text, is_plain)) return;
    // A quote within a JSON string is escaped: this can only be a key, and there must be one of it.
    constexpr std::string_view key = "\"content\":";
    const auto at = payload.find(key);
    if (at == std::string_view::npos || payload.find(key, at + 1) != std::string_view::npos) return;
    auto begin = at + key.size();
    if (payload.substr(begin).starts_with(' ')) ++begin;
    if (!payload.substr(begin).starts_with('"')) return;
    ++begin;
    const auto end = begin + chunk.text.size();
    if (end >= payload.size() || payload[end] != '"') return;
    if (payload.substr(begin, chunk.text.size()) != chunk.text) return;
    before_ = payload.substr(0, begin);
    after_ = payload.substr(end);
}

std::optional<std::string_view> text_chunk_pattern::match(std::string_view payload) const {
    if (before_.empty() || payload.size() < before_.size() + after_.size() ||
        !payload.starts_with(before_) || !payload.ends_with(after_)) {
        return std::nullopt;
    }
    const auto text =
        payload.substr(before_.size(), payload.size() - before_.size() - after_.size());
    if (!std::ranges::all_of(text, is_plain)) return std::nullopt;
    return text;
}

}  // namespace perin::net
