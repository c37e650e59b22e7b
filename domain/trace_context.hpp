#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perin {

using trace_id = std::array<std::uint8_t, 16>;
using span_id = std::array<std::uint8_t, 8>;

/// Where a request stands in somebody's distributed trace (W3C Trace Context, level 1).
struct trace_context {
    trace_id trace{};
    /// The caller's span.
    span_id parent{};
    /// The caller records this trace.
    bool sampled = false;
    friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads a `traceparent` header; nothing where it is malformed, and then the caller goes on as if
/// there were none (section 3.2.2). Of a later version the fields of this one are read. Pure.
[[nodiscard]] std::optional<trace_context> parse_traceparent(std::string_view header);

/// The `traceparent` header of version 00, such as
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
[[nodiscard]] std::string to_traceparent(const trace_context& context);

/// The same trace one span further down. Where `fresh` is all zero, which no span may be, its last
/// octet becomes 1.
[[nodiscard]] trace_context child_of(const trace_context& context, span_id fresh);

/// The trace's id as 32 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const trace_id& id);

}  // namespace perin
