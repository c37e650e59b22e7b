#pragma once

#include "domain/model.hpp"
#include "domain/time.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perin {

/// Outside services that say differently how they fail. `openai` is also what is compatible with
/// it; `google` is Gmail, Calendar and OAuth; `generic` is any other HTTP service.
enum class upstream_kind {
    openai,
    anthropic,
    google,
    slack,
    notion,
    github,
    discord,
    zoom,
    microsoft,
    caldav,
    imap,
    smtp,
    generic,
};

/// How a call ended without a whole answer.
enum class transport_error {
    /// No connection: refused, unreachable, or the name is unknown.
    connect,
    connect_timeout,
    first_byte_timeout,
    idle_timeout,
    total_timeout,
    /// The connection was lost before the end of the answer.
    reset,
    /// There is no trusted connection.
    tls,
    /// The answer is over its bound.
    too_large,
    /// The answer cannot be read.
    malformed,
    /// A mail server refused the name or the password.
    login_denied,
    /// Ended by us.
    cancelled,
    /// Not begun: as many calls as we allow are under way.
    overloaded,
};

/// Such as `first_byte_timeout`.
[[nodiscard]] const char* to_string(transport_error error) noexcept;

/// A header's name, in lower case, and its value without the white space around it.
using header_field = std::pair<std::string, std::string>;

/// What came of a call, as views into the caller's own.
struct upstream_reply {
    /// HTTP status, SMTP reply code, or 0 where none came.
    int status = 0;
    std::span<const header_field> headers = {};
    std::string_view body = {};
    std::optional<transport_error> transport = {};

    /// The first header of that (lower-case) name.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// A call that failed.
struct upstream_failure {
    error_category category = error_category::unknown;
    /// A sentence of ours: nothing of the answer is repeated in it.
    std::string detail = {};
    /// As in the reply.
    int status = 0;
    /// The wait that the service asked for, where waiting helps; at most a day.
    std::optional<std::chrono::milliseconds> told_wait = {};
    /// Whether the same call may go better later, for one that can be repeated at all.
    bool retryable = false;
    /// Whether it says that the service is unwell.
    bool counts_for_circuit = false;
};

/// Puts a reply into one category (features section 9), from its status, headers and error codes,
/// not from its prose; nothing where the call succeeded. A refusal with status 200 (Slack's
/// `"ok":false`, GitHub's token errors, a model's error object) is a failure; a 304 is none but for
/// models, since it only answers a question of ours. `now` serves a wait that is told as a date,
/// where the answer bears no `Date` of its own. Pure.
[[nodiscard]] std::optional<upstream_failure> categorize(upstream_kind kind,
                                                         const upstream_reply& reply,
                                                         timestamp now);

/// The failure of a call that brought no whole answer.
[[nodiscard]] upstream_failure categorize(upstream_kind kind, transport_error error);

/// The failure that the codes of an error within a stream mean, where there is no status of its
/// own.
[[nodiscard]] upstream_failure categorize_codes(upstream_kind kind,
                                                std::span<const std::string> codes);

/// Whether a failed HTTP call counts for its circuit: silence, lost connections and 5xx do; a 4xx
/// never does, whatever its category.
[[nodiscard]] bool counts_for_circuit(error_category category, int http_status) noexcept;

/// Whether a failure of that category may go better when it is tried again.
[[nodiscard]] bool is_retryable(error_category category) noexcept;

}  // namespace perin
