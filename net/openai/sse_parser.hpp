#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace perin::net {

/// One event of an event stream. Its views are good until the next call of the parser.
struct sse_event {
    /// Empty: an event without a name (a `message`).
    std::string_view type;
    /// Its `data` lines, joined by line feeds.
    std::string_view data;
    friend bool operator==(const sse_event&, const sse_event&) = default;
};

/// Reads `text/event-stream` as it comes (WHATWG HTML, section 9.2.6): any split of the bytes into
/// chunks gives the same events. Pure.
///
///     parser.feed(chunk);
///     while (const auto event = parser.next()) ...
///     if (parser.overflowed()) ...
///
/// The data of an event of one line that lies whole within its chunk is a view into the chunk.
class sse_parser {
  public:
    static constexpr std::size_t default_bound = std::size_t{1} << 20;

    /// `bound`: most bytes of a line, and of the data of an event.
    explicit sse_parser(std::size_t bound = default_bound) : bound_(bound) {}

    /// The next bytes. They must stay as they are until `next` has returned nothing, and may be fed
    /// only after the chunk before has been used up that way.
    void feed(std::string_view chunk);
    /// The next event of the chunk; nothing where it is used up.
    [[nodiscard]] std::optional<sse_event> next();

    /// A line or event was over its bound: no further event comes.
    [[nodiscard]] bool overflowed() const { return overflowed_; }
    /// The last `id` so far; stays from event to event.
    [[nodiscard]] const std::string& last_event_id() const { return id_; }
    /// The last `retry` so far.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }

  private:
    [[nodiscard]] std::optional<std::string_view> take_line();
    void read_field(std::string_view line);
    void add_data(std::string_view value);
    void forget_event();
    void keep_data();

    const std::size_t bound_;
    /// What is left of the chunk, and where its next line feed is known to be.
    std::string_view rest_;
    const char* next_line_feed_ = nullptr;
    /// The beginning of a line whose end has not come yet.
    std::string partial_;
    /// The line at hand was put together in `partial_`, which is free again after it.
    bool line_in_partial_ = false;
    bool skip_line_feed_ = false;
    bool at_start_ = true;
    bool overflowed_ = false;

    /// The event at hand: its data is a view while that is possible, else `data_`.
    bool has_data_ = false;
    bool data_is_view_ = false;
    std::string_view view_;
    std::string data_;
    std::string type_;
    /// The event handed out last is to be forgotten.
    bool handed_out_ = false;

    std::string id_;
    std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace perin::net
