#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

/// Structured logs: one line an event, to standard error, as text or JSON.
///
///     2026-01-31T12:00:00.123Z warning turn.failed the turn failed turnId=trn_1 durationMs=12
///     {"time":"2026-01-31T12:00:00.123Z","level":"warning","event":"turn.failed","message":...}
///
/// Neither secrets nor what people say belong in a line. docs/operations.md has every event.
namespace perin::runtime {

enum class log_level { trace, debug, info, warning, error, off };

enum class log_format { text, json };

/// The level of a name of the configuration (`trace`, `debug`, `info`, `warn`, `error`, `off`);
/// another name is `info`.
[[nodiscard]] log_level log_level_of(std::string_view name) noexcept;

struct log_settings {
    log_level level = log_level::info;
    log_format format = log_format::text;
    /// Detail of model calls is written whatever the level, unless that is `off`.
    bool model_detail = false;
};

/// Something beside the sentence. `name` and a text must live until the line is written, which is
/// within the call of `log`. An empty text is left out.
class log_field {
  public:
    using value_type = std::variant<std::string_view, std::int64_t, double, bool>;

    constexpr log_field(std::string_view name, std::string_view text) : name_(name), value_(text) {}
    constexpr log_field(std::string_view name, const char* text)
        : name_(name), value_(std::string_view(text)) {}
    log_field(std::string_view name, const std::string& text)
        : name_(name), value_(std::string_view(text)) {}
    constexpr log_field(std::string_view name, bool value) : name_(name), value_(value) {}
    constexpr log_field(std::string_view name, double value) : name_(name), value_(value) {}
    template <std::integral Whole>
    requires(!std::same_as<Whole, bool>) constexpr log_field(std::string_view name, Whole value)
        : name_(name), value_(static_cast<std::int64_t>(value)) {}
    /// In milliseconds with their fraction.
    template <class Rep, class Period>
    constexpr log_field(std::string_view name, std::chrono::duration<Rep, Period> time)
        : name_(name), value_(std::chrono::duration<double, std::milli>(time).count()) {}

    [[nodiscard]] constexpr std::string_view name() const noexcept { return name_; }
    [[nodiscard]] constexpr const value_type& value() const noexcept { return value_; }

  private:
    std::string_view name_;
    value_type value_;
};

using log_fields = std::initializer_list<log_field>;

/// Decides what is written and how. Before other threads start; until then it is text from `info`.
void start_log(const log_settings& settings);

/// Whether a line of this level is written: for callers whose fields cost something to make.
[[nodiscard]] bool logs(log_level level) noexcept;

/// Whether `log_model` writes.
[[nodiscard]] bool logs_model_detail() noexcept;

/// Writes a line: a level, the stable id of the event, a sentence and fields. Where the level is
/// off it costs a load of an atomic. Thread-safe.
///
/// The line is with the kernel when this returns, so none is lost at an exit or a crash. Where
/// standard error takes nothing for 100 ms, lines are dropped without waiting until it does again,
/// and then their number is told (`log.dropped`).
void log(log_level level, std::string_view event_id, std::string_view sentence,
         log_fields fields = {});

/// Writes a line on a model call (sizes, times, roles and names, never text) at level `debug`, and
/// with `DEBUG_AI` also where that is not logged. Thread-safe.
void log_model(std::string_view event_id, std::string_view sentence, log_fields fields = {});

/// `[redacted]` in place of the value of a field or header whose name says that it may be a secret
/// (`Authorization`, `Set-Cookie`, `X-Api-Key`, ...), otherwise the value. Texts of fields go
/// through it by themselves.
[[nodiscard]] std::string_view redacted(std::string_view name, std::string_view value) noexcept;

/// What stands after time and level. As text: the id, the sentence and `name=value` pairs, where a
/// value that is not a plain word is a JSON string. As JSON: the members from `event` on with the
/// closing brace. One line whatever the texts hold, at most 4,000 octets. Pure.
[[nodiscard]] std::string render_line(log_format format, std::string_view event_id,
                                      std::string_view sentence, log_fields fields);

/// Lets one line a second through where something may happen ten thousand times: the others are
/// counted. Thread-safe.
class occasional {
  public:
    using clock = std::chrono::steady_clock;
    struct pass {
        bool now = false;
        /// How often it happened since the line before, this time included.
        std::uint64_t times = 0;
    };
    [[nodiscard]] pass take(clock::time_point at = clock::now()) noexcept;

  private:
    std::atomic<clock::rep> next_{std::numeric_limits<clock::rep>::min()};
    std::atomic<std::uint64_t> times_{0};
};

}  // namespace perin::runtime
