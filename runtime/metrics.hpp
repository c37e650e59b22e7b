#pragma once

#include "domain/event.hpp"
#include "domain/model.hpp"
#include "domain/result.hpp"
#include "domain/retention.hpp"
#include "domain/turn.hpp"
#include "runtime/log.hpp"
#include "runtime/metric_cells.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Everything that is measured, in one catalogue: a member here, a row in `metrics.cpp`, a line in
/// docs/operations.md and a panel of config/grafana-dashboard.json; tests hold them together.
/// Labels come from fixed sets, or from names of bounded number; never from users.
namespace perin::runtime {

enum class connection_kind { http, websocket };
/// Why the front did not serve a connection.
enum class refusal { full, tls_handshake };
/// Why the front closed a WebSocket by itself.
enum class websocket_end {
    slow_reader,
    no_pong,
    unauthenticated,
    revoked,
    too_large,
    bad_frame,
    shutdown,
    /// Its session's actor died.
    session_lost
};
enum class direction { in, out };
enum class status_class { informational, success, redirection, client_error, server_error };
enum class breaker_state { closed, half_open, open };
/// Why an upstream supervisor did not let a call through.
enum class upstream_refusal { circuit_open, overloaded, deadline };

/// Of one route of the front.
struct route_meter {
    by<counter, status_class, 5> requests;
};

/// Of calls to one model.
struct model_meter {
    model_meter();
    /// By error category; the last of them is of calls that went well.
    by<histogram, error_category, 8> durations;
    histogram input_tokens;
    histogram output_tokens;

    void succeeded(std::chrono::microseconds took, const std::optional<token_usage>& usage);
    void failed(std::chrono::microseconds took, error_category why);
};

/// Of all upstreams of one kind, for the supervisors of upstreams.
struct upstream_meter {
    /// Attempts by error category; the last of them is of those that went well.
    by<counter, error_category, 8> attempts;
    counter retries;
    by<counter, upstream_refusal, 3> refused;
    gauge in_flight;
    gauge waiting;
    /// How many circuits are in each state.
    by<gauge, breaker_state, 3> breakers;

    void succeeded() noexcept;
    void failed(error_category why) noexcept;
    /// Moves one circuit; nothing: it is new, or goes.
    void breaker_moved(std::optional<breaker_state> from, std::optional<breaker_state> to) noexcept;
};

/// Of all actors of one kind.
struct actor_meter {
    gauge alive;
    counter restarts;
    counter slow_handlers;
    /// Messages in the fullest mailbox, as it was last looked at.
    gauge longest_mailbox;
};

/// Calls of one tool.
struct tool_meter {
    by<counter, tool_status, 3> calls;
};

/// What of a metric is known without a value.
struct metric_info {
    std::string name;
    std::string help;
    /// `counter`, `gauge` or `histogram`.
    std::string type;
    std::vector<std::string> labels;
};

class metrics {
  public:
    metrics();
    ~metrics();
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;

    // Front.
    by<gauge, connection_kind, 2> connections;
    counter connections_opened;
    by<counter, refusal, 2> connections_refused;
    by<counter, websocket_end, 8> websockets_closed;
    by_name<route_meter> routes{128};
    by<counter, direction, 2> frames;
    by<counter, direction, 2> octets;
    counter rate_limited;

    // Turns.
    counter turns_started;
    counter turns_taken_up;
    gauge turns_running;
    by<counter, turn_end::status, 3> turns_ended;
    by<counter, error_code, 17> turns_failed;
    by<histogram, turn_end::status, 3> turn_duration;
    histogram first_token;
    histogram overhead;
    by<histogram, stage_name, 10> stages;
    by_name<tool_meter> tools{128};

    /// The meter of a model; `provider` as OpenTelemetry names it, such as `openai`.
    [[nodiscard]] model_meter& model(std::string_view provider, std::string_view name);
    /// The meter of an upstream's key: `model:<name>` has one of its own, of all other keys
    /// (`google-calendar:<user>`) only what stands before the colon counts.
    [[nodiscard]] upstream_meter& upstream(std::string_view key);
    /// By the actor's name, such as `conversation`.
    by_name<actor_meter> actors{64};
    gauge actors_running;

    // Journal.
    counter commits;
    counter commits_failed;
    counter records;
    histogram batch_size;
    histogram commit_duration;
    /// What was over for long enough.
    by<counter, prunable, prunable_kinds> pruned;

    // Logs.
    by<counter, log_level, 5> log_lines;
    counter log_lines_dropped;

    /// Called before each reading, for gauges that are only looked at then. Once, before others use
    /// this; `nullptr` ends it and waits for one under way.
    void sample_with(std::function<void(metrics&)> call);

    /// Every metric, in the order of the catalogue.
    [[nodiscard]] std::vector<metric_info> catalogue() const;
    /// Prometheus' text format 0.0.4.
    [[nodiscard]] std::string text();

  private:
    struct rows;
    by_name<model_meter> models_{32};
    by_name<upstream_meter> upstreams_{64};
    std::mutex reading_;
    std::function<void(metrics&)> sample_;
    std::unique_ptr<rows> rows_;
};

/// The status class of an HTTP status.
[[nodiscard]] status_class class_of(int status) noexcept;

/// The process's own metrics.
[[nodiscard]] metrics& meters();

}  // namespace perin::runtime
