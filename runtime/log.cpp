#include "runtime/log.hpp"

#include "domain/text.hpp"
#include "runtime/log_sink.hpp"
#include "runtime/metrics.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <unistd.h>

namespace perin::runtime {

namespace {

/// With time and level a line stays below `PIPE_BUF`, and is written whole.
constexpr std::size_t most_line = 4'000;
/// Escaped it is six times as long at most.
constexpr std::size_t most_sentence = 500;
constexpr std::size_t most_text = 400;
/// For the brace that ends it.
constexpr std::size_t reserve = 8;
constexpr std::chrono::milliseconds patience{100};

constexpr std::array level_names{"trace", "debug", "info", "warn", "error", "off"};

std::atomic<log_level> lowest{log_level::info};
std::atomic<bool> model_detail{false};
std::atomic<log_format> chosen_format{log_format::text};

spdlog::level::level_enum spdlog_level(log_level level) {
    using enum spdlog::level::level_enum;
    constexpr std::array all{trace, debug, info, warn, err, off};
    return all[static_cast<std::size_t>(level)];
}

std::unique_ptr<spdlog::formatter> formatter_of(log_format format) {
    const auto* pattern = format == log_format::json
                              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc,
                                                       "\n");
}

std::string dropped_line(std::uint64_t dropped) {
    const auto format = chosen_format.load(std::memory_order_relaxed);
    spdlog::memory_buf_t line;
    const auto text = render_line(format, "log.dropped", "standard error took no lines for a while",
                                  {{"lines", dropped}});
    formatter_of(format)->format(spdlog::details::log_msg({}, spdlog::level::warn, text), line);
    return {line.data(), line.size()};
}

spdlog::logger& logger() {
    // Never destroyed: threads may log until the process is gone.
    static auto& made = *[] {
        auto sink = std::make_shared<patient_sink>(STDERR_FILENO, patience, dropped_line);
        auto* one = new spdlog::logger("perin", std::move(sink));
        one->set_level(spdlog::level::trace);
        one->set_formatter(formatter_of(log_format::text));
        return one;
    }();
    return made;
}

/// Text of ours and of others, cut at a character and made valid UTF-8.
std::string tamed(std::string_view text, std::size_t most) {
    std::string out = is_utf8(text) ? std::string(text) : repaired_utf8(text);
    if (out.size() <= most) return out;
    while (most > 0 && (static_cast<unsigned char>(out[most]) & 0xc0) == 0x80) --most;
    out.resize(most);
    return out.append("…");
}

/// As a JSON string; also what ends a line for some readers or moves a terminal's cursor is
/// escaped: DEL, C1 controls, U+2028 and U+2029.
void append_quoted(std::string& to, std::string_view text) {
    std::string plain;
    append_json_string(plain, text);
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const auto first = static_cast<unsigned char>(plain[i]);
        const auto second = i + 1 < plain.size() ? static_cast<unsigned char>(plain[i + 1]) : 0;
        const auto third = i + 2 < plain.size() ? static_cast<unsigned char>(plain[i + 2]) : 0;
        if (first == 0x7f) {
            to += "\\u007f";
        } else if (first == 0xc2 && second >= 0x80 && second <= 0x9f) {
            to.append("\\u00") += digits[second >> 4];
            to += digits[second & 0x0f];
            ++i;
        } else if (first == 0xe2 && second == 0x80 && (third == 0xa8 || third == 0xa9)) {
            to += third == 0xa8 ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            to += plain[i];
        }
    }
}

bool is_plain_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
}

void append_number(std::string& to, double value) {
    if (!std::isfinite(value)) value = 0;
    // Microseconds are what a clock has to tell.
    value = std::round(value * 1000) / 1000;
    std::array<char, 64> text{};
    to.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void append_value(std::string& to, log_format format, const log_field& field) {
    std::visit(
        [&](auto value) {
            using Value = decltype(value);
            if constexpr (std::is_same_v<Value, std::string_view>) {
                const auto text = tamed(redacted(field.name(), value), most_text);
                if (format == log_format::text && is_plain_word(text))
                    to += text;
                else
                    append_quoted(to, text);
            } else if constexpr (std::is_same_v<Value, bool>) {
                to += value ? "true" : "false";
            } else if constexpr (std::is_same_v<Value, double>) {
                append_number(to, value);
            } else {
                to += std::to_string(value);
            }
        },
        field.value());
}

void write(log_level level, std::string_view event_id, std::string_view sentence,
           log_fields fields) {
    const auto line =
        render_line(chosen_format.load(std::memory_order_relaxed), event_id, sentence, fields);
    meters().log_lines[level].add();
    logger().log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

log_level log_level_of(std::string_view name) noexcept {
    for (std::size_t i = 0; i < level_names.size(); ++i)
        if (name == level_names[i]) return static_cast<log_level>(i);
    return log_level::info;
}

void start_log(const log_settings& settings) {
    lowest = settings.level;
    model_detail = settings.model_detail && settings.level != log_level::off;
    chosen_format = settings.format;
    logger().set_formatter(formatter_of(settings.format));
}

bool logs(log_level level) noexcept { return level >= lowest.load(std::memory_order_relaxed); }

bool logs_model_detail() noexcept {
    return model_detail.load(std::memory_order_relaxed) || logs(log_level::debug);
}

void log(log_level level, std::string_view event_id, std::string_view sentence, log_fields fields) {
    if (logs(level)) write(level, event_id, sentence, fields);
}

void log_model(std::string_view event_id, std::string_view sentence, log_fields fields) {
    if (logs_model_detail()) write(log_level::debug, event_id, sentence, fields);
}

std::string_view redacted(std::string_view name, std::string_view value) noexcept {
    constexpr std::array secrets{"auth",     "cookie", "token",     "secret",
                                 "password", "key",    "credential"};
    const auto holds = [&](std::string_view word) {
        return std::search(name.begin(), name.end(), word.begin(), word.end(), [](char a, char b) {
                   return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
               }) != name.end();
    };
    return std::any_of(secrets.begin(), secrets.end(), holds) ? std::string_view{"[redacted]"}
                                                              : value;
}

std::string render_line(log_format format, std::string_view event_id, std::string_view sentence,
                        log_fields fields) {
    std::string out;
    out.reserve(256);
    const auto json = format == log_format::json;
    if (json) {
        append_json_string(out.append(R"("event":)"), event_id);
        append_quoted(out.append(R"(,"message":)"), tamed(sentence, most_sentence));
    } else {
        // A sentence of ours has no control characters; one with an error's text may.
        std::string quoted;
        append_quoted(quoted, tamed(sentence, most_sentence));
        out.append(event_id).append(" ").append(quoted, 1, quoted.size() - 2);
    }
    for (const auto& field : fields) {
        const auto* text = std::get_if<std::string_view>(&field.value());
        if (text && text->empty()) continue;
        const auto before = out.size();
        if (json)
            append_json_string(out += ',', field.name());
        else
            out.append(" ").append(field.name());
        out += json ? ':' : '=';
        append_value(out, format, field);
        if (out.size() + reserve <= most_line) continue;
        out.resize(before);
        break;
    }
    if (json) out += '}';
    return out;
}

occasional::pass occasional::take(clock::time_point at) noexcept {
    times_.fetch_add(1, std::memory_order_relaxed);
    const auto now = at.time_since_epoch().count();
    auto next = next_.load(std::memory_order_relaxed);
    constexpr auto pause = std::chrono::duration_cast<clock::duration>(std::chrono::seconds{1});
    if (now < next || !next_.compare_exchange_strong(next, now + pause.count())) return {};
    return {true, times_.exchange(0, std::memory_order_relaxed)};
}

}  // namespace perin::runtime
