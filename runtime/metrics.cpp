#include "runtime/metrics.hpp"

#include "runtime/process_usage.hpp"

#include <algorithm>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sstream>

namespace perin::runtime {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;
using names = std::vector<std::string>;

// OpenTelemetry's advice for the two GenAI histograms.
constexpr std::array model_seconds{0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                   1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr std::array model_tokens{1.0,       4.0,       16.0,       64.0,      256.0,
                                  1024.0,    4096.0,    16384.0,    65536.0,   262144.0,
                                  1048576.0, 4194304.0, 16777216.0, 67108864.0};
constexpr std::array turn_seconds{0.005, 0.01, 0.025, 0.05, 0.1,  0.25,  0.5,   1.0,
                                  2.5,   5.0,  10.0,  30.0, 60.0, 120.0, 300.0, 600.0};
constexpr std::array short_seconds{0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                   0.05,    0.1,    0.25,  0.5,    1.0,   2.5,  5.0};
constexpr std::array batch_records{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0};

/// Where an `error_category` has no value: it went well.
constexpr auto went_well = static_cast<error_category>(7);

ClientMetric with(labels of) {
    ClientMetric out;
    out.label = std::move(of);
    return out;
}

ClientMetric sample(const counter& cell, labels of) {
    auto out = with(std::move(of));
    out.counter.value = static_cast<double>(cell.value());
    return out;
}

ClientMetric sample(const gauge& cell, labels of) {
    auto out = with(std::move(of));
    out.gauge.value = static_cast<double>(cell.value());
    return out;
}

ClientMetric sample(const histogram& cell, labels of) {
    auto out = with(std::move(of));
    const auto read = cell.read();
    for (std::size_t i = 0; i < read.bounds.size(); ++i)
        out.histogram.bucket.push_back({read.cumulative[i], read.bounds[i]});
    out.histogram.bucket.push_back(
        {read.cumulative.back(), std::numeric_limits<double>::infinity()});
    out.histogram.sample_count = read.cumulative.back();
    out.histogram.sample_sum = read.sum;
    return out;
}

constexpr MetricType type_of(const counter*) { return MetricType::Counter; }
constexpr MetricType type_of(const gauge*) { return MetricType::Gauge; }
constexpr MetricType type_of(const histogram*) { return MetricType::Histogram; }

const char* name_of(MetricType type) {
    if (type == MetricType::Counter) return "counter";
    return type == MetricType::Gauge ? "gauge" : "histogram";
}

/// The names of an enumeration that has a `to_string`.
template <class Enum>
names names_of(std::size_t count) {
    names out;
    for (std::size_t i = 0; i < count; ++i) out.emplace_back(to_string(static_cast<Enum>(i)));
    return out;
}

/// Of error categories, with the one that went well.
names category_names() {
    auto out = names_of<error_category>(7);
    out.emplace_back("OK");
    return out;
}

labels join(labels a, labels b) {
    for (auto& one : b) a.push_back(std::move(one));
    return a;
}

}  // namespace

/// The rows of the catalogue: each makes its family when it is read.
struct metrics::rows {
    struct row {
        metric_info info;
        MetricType type;
        std::function<void(std::vector<ClientMetric>&)> write;
    };
    std::vector<row> all;
    /// As it was when a reading began.
    std::optional<process_usage> usage;

    void add(MetricType type, std::string name, std::string help, names label_names,
             std::function<void(std::vector<ClientMetric>&)> write) {
        all.push_back({{std::move(name), std::move(help), name_of(type), std::move(label_names)},
                       type,
                       std::move(write)});
    }

    template <class Cell>
    void one(std::string name, std::string help, const Cell& cell) {
        add(type_of(&cell), std::move(name), std::move(help), {},
            [&cell](auto& into) { into.push_back(sample(cell, {})); });
    }

    template <class Cell, class Enum, std::size_t Count>
    void each(std::string name, std::string help, std::string label, names values,
              const by<Cell, Enum, Count>& cells) {
        add(type_of(static_cast<const Cell*>(nullptr)), std::move(name), std::move(help), {label},
            [&cells, label, values = std::move(values)](auto& into) {
                for (std::size_t i = 0; i < Count; ++i)
                    into.push_back(sample(cells.at(i), {{label, values[i]}}));
            });
    }

    /// One cell of each meter of a family of names.
    template <class Meter, class Cell>
    void named(std::string name, std::string help, std::string label, const by_name<Meter>& series,
               Cell Meter::*cell) {
        add(type_of(static_cast<const Cell*>(nullptr)), std::move(name), std::move(help), {label},
            [&series, cell, label](auto& into) {
                series.each([&](const std::string& of, const Meter& meter) {
                    into.push_back(sample(meter.*cell, {{label, of}}));
                });
            });
    }

    /// Several cells of each meter of a family of names.
    template <class Meter, class Cell, class Enum, std::size_t Count>
    void named(std::string name, std::string help, std::string label, const by_name<Meter>& series,
               by<Cell, Enum, Count> Meter::*cells, std::string second, names values) {
        add(type_of(static_cast<const Cell*>(nullptr)), std::move(name), std::move(help),
            {label, second},
            [&series, cells, label, second, values = std::move(values)](auto& into) {
                series.each([&](const std::string& of, const Meter& meter) {
                    for (std::size_t i = 0; i < Count; ++i)
                        into.push_back(
                            sample((meter.*cells).at(i), {{label, of}, {second, values[i]}}));
                });
            });
    }

    void front(const metrics& of);
    void turns(const metrics& of);
    void model_calls(const metrics& of);
    void upstreams(const metrics& of);
    void actors(const metrics& of);
    void journal(const metrics& of);
    void process(const metrics& of);
};

void metrics::rows::front(const metrics& of) {
    each("perin_front_connections", "Connections that are open.", "kind", {"http", "websocket"},
         of.connections);
    one("perin_front_connections_opened_total", "Connections that were accepted.",
        of.connections_opened);
    each("perin_front_connections_refused_total", "Connections that were not served, by reason.",
         "reason", {"full", "tls_handshake"}, of.connections_refused);
    each("perin_front_websockets_closed_total", "WebSockets that the server closed, by reason.",
         "reason",
         {"slow_reader", "no_pong", "unauthenticated", "revoked", "too_large", "bad_frame",
          "shutdown", "session_lost"},
         of.websockets_closed);
    named("perin_front_requests_total", "HTTP requests that were answered.", "route", of.routes,
          &route_meter::requests, "status", {"1xx", "2xx", "3xx", "4xx", "5xx"});
    each("perin_front_frames_total", "WebSocket messages.", "direction", {"in", "out"}, of.frames);
    each("perin_front_bytes_total",
         "Octets of HTTP answers, HTTP bodies and WebSocket messages, before TLS.", "direction",
         {"in", "out"}, of.octets);
    one("perin_front_rate_limited_total", "Requests and messages past a rate limit.",
        of.rate_limited);
}

void metrics::rows::turns(const metrics& of) {
    const names ends{"complete", "cancelled", "failed"};
    one("perin_turns_started_total", "Turns that began to run.", of.turns_started);
    one("perin_turns_taken_up_total", "Turns that a stop or crash cut off and that ran again.",
        of.turns_taken_up);
    one("perin_turns_running", "Turns that run.", of.turns_running);
    each("perin_turns_ended_total", "Turns that ended, by outcome.", "outcome", ends,
         of.turns_ended);
    each("perin_turns_failed_total", "Turns that failed, by code.", "code",
         names_of<error_code>(17), of.turns_failed);
    each("perin_turn_duration_seconds", "From the begin of a turn to its end, by outcome.",
         "outcome", ends, of.turn_duration);
    one("perin_turn_first_token_seconds", "From the begin of a turn to its first text.",
        of.first_token);
    one("perin_turn_overhead_seconds", "What was added to the model's time in a finished turn.",
        of.overhead);
    each("perin_stage_duration_seconds", "Time of a stage of a turn.", "stage",
         names_of<stage_name>(10), of.stages);
    named("perin_tool_calls_total", "Calls of tools, by how they ended.", "tool", of.tools,
          &tool_meter::calls, "status", names_of<tool_status>(3));
}

void metrics::rows::model_calls(const metrics& of) {
    // The name of a series is `provider/model`.
    const auto labels_of = [](const std::string& key) {
        const auto slash = key.find('/');
        const auto model = slash == std::string::npos ? key : key.substr(slash + 1);
        return labels{{"gen_ai_operation_name", "chat"},
                      {"gen_ai_provider_name", key.substr(0, slash)},
                      {"gen_ai_request_model", model}};
    };
    const names common{"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"};
    auto with_error = common;
    with_error.emplace_back("error_type");
    add(MetricType::Histogram, "gen_ai_client_operation_duration_seconds",
        "Time of a call to a model (OpenTelemetry gen_ai.client.operation.duration).", with_error,
        [&of, labels_of](auto& into) {
            of.models_.each([&](const std::string& key, const model_meter& meter) {
                for (std::size_t i = 0; i < meter.durations.size; ++i) {
                    auto made = labels_of(key);
                    const auto why = static_cast<error_category>(i);
                    // Calls that went well have no error.type.
                    if (why != went_well) made.push_back({"error_type", to_string(why)});
                    auto read = sample(meter.durations.at(i), std::move(made));
                    if (why == went_well || read.histogram.sample_count > 0)
                        into.push_back(std::move(read));
                }
            });
        });
    auto with_type = common;
    with_type.emplace_back("gen_ai_token_type");
    add(MetricType::Histogram, "gen_ai_client_token_usage",
        "Tokens of a call to a model (OpenTelemetry gen_ai.client.token.usage).", with_type,
        [&of, labels_of](auto& into) {
            of.models_.each([&](const std::string& key, const model_meter& meter) {
                into.push_back(sample(meter.input_tokens,
                                      join(labels_of(key), {{"gen_ai_token_type", "input"}})));
                into.push_back(sample(meter.output_tokens,
                                      join(labels_of(key), {{"gen_ai_token_type", "output"}})));
            });
        });
}

void metrics::rows::upstreams(const metrics& of) {
    const auto& kinds = of.upstreams_;
    named("perin_upstream_attempts_total", "Attempts of calls to an upstream, by how they ended.",
          "upstream", kinds, &upstream_meter::attempts, "category", category_names());
    named("perin_upstream_retries_total", "Attempts that followed a failed one.", "upstream", kinds,
          &upstream_meter::retries);
    named("perin_upstream_refused_total", "Calls that were not let through, by reason.", "upstream",
          kinds, &upstream_meter::refused, "reason", {"circuit_open", "overloaded", "deadline"});
    named("perin_upstream_in_flight", "Calls under way.", "upstream", kinds,
          &upstream_meter::in_flight);
    named("perin_upstream_waiting", "Calls that wait for room.", "upstream", kinds,
          &upstream_meter::waiting);
    named("perin_upstream_circuits", "Circuits in each state.", "upstream", kinds,
          &upstream_meter::breakers, "state", {"closed", "half_open", "open"});
}

void metrics::rows::actors(const metrics& of) {
    one("perin_actors_running", "Actors of the whole program.", of.actors_running);
    named("perin_actors_alive", "Supervised actors that are alive.", "actor", of.actors,
          &actor_meter::alive);
    named("perin_actor_restarts_total", "Actors that were started again.", "actor", of.actors,
          &actor_meter::restarts);
    named("perin_actor_mailbox_longest", "Messages in the fullest mailbox.", "actor", of.actors,
          &actor_meter::longest_mailbox);
    named("perin_actor_slow_handlers_total", "Handlers that ran for more than 100 ms.", "actor",
          of.actors, &actor_meter::slow_handlers);
}

void metrics::rows::journal(const metrics& of) {
    one("perin_journal_commits_total", "Transactions that were committed.", of.commits);
    one("perin_journal_commit_failures_total", "Transactions that were lost.", of.commits_failed);
    one("perin_journal_records_total", "Records that were committed.", of.records);
    one("perin_journal_batch_size", "Changes that were committed together.", of.batch_size);
    one("perin_journal_commit_duration_seconds", "Time of a commit, its fsync included.",
        of.commit_duration);
    each("perin_store_pruned_total", "What was removed because it was over for long enough.",
         "what", names_of<prunable>(prunable_kinds), of.pruned);
}

void metrics::rows::process(const metrics& of) {
    each("perin_log_lines_total", "Lines of the log that were written or dropped, by level.",
         "level", {"trace", "debug", "info", "warning", "error"}, of.log_lines);
    one("perin_log_lines_dropped_total", "Lines of the log that standard error did not take.",
        of.log_lines_dropped);
    add(MetricType::Gauge, "perin_build_info", "1, with the program's version.", {"version"},
        [](auto& into) {
            auto made = with({{"version", PERIN_VERSION}});
            made.gauge.value = 1;
            into.push_back(std::move(made));
        });
    const auto row_of = [this](MetricType type, std::string name, std::string help, auto value) {
        add(type, std::move(name), std::move(help), {}, [this, type, value](auto& into) {
            if (!usage) return;
            ClientMetric made;
            (type == MetricType::Counter ? made.counter.value : made.gauge.value) =
                static_cast<double>(value(*usage));
            into.push_back(std::move(made));
        });
    };
    row_of(MetricType::Gauge, "process_resident_memory_bytes", "Memory in use.",
           [](const process_usage& read) { return read.resident_bytes; });
    row_of(MetricType::Gauge, "process_virtual_memory_bytes", "Addresses in use.",
           [](const process_usage& read) { return read.virtual_bytes; });
    row_of(MetricType::Counter, "process_cpu_seconds_total", "Processor time, user and system.",
           [](const process_usage& read) { return read.cpu_seconds; });
    row_of(MetricType::Gauge, "process_start_time_seconds", "Start of the process since 1970.",
           [](const process_usage& read) { return read.start_seconds; });
    row_of(MetricType::Gauge, "process_open_fds", "Descriptors that are open.",
           [](const process_usage& read) { return read.open_files; });
    row_of(MetricType::Gauge, "process_max_fds", "Descriptors that may be open.",
           [](const process_usage& read) { return read.most_files; });
    row_of(MetricType::Gauge, "process_threads", "Threads.",
           [](const process_usage& read) { return read.threads; });
}

// ---------------------------------------------------------------------------------------- meters

model_meter::model_meter()
    : durations(model_seconds), input_tokens(model_tokens), output_tokens(model_tokens) {}

void model_meter::succeeded(std::chrono::microseconds took,
                            const std::optional<token_usage>& usage) {
    durations[went_well].observe(took);
    if (!usage) return;
    input_tokens.observe(static_cast<double>(usage->prompt_tokens));
    output_tokens.observe(static_cast<double>(usage->completion_tokens));
}

void model_meter::failed(std::chrono::microseconds took, error_category why) {
    durations[why].observe(took);
}

void upstream_meter::succeeded() noexcept { attempts[went_well].add(); }

void upstream_meter::failed(error_category why) noexcept { attempts[why].add(); }

void upstream_meter::breaker_moved(std::optional<breaker_state> from,
                                   std::optional<breaker_state> to) noexcept {
    if (from) breakers[*from].add(-1);
    if (to) breakers[*to].add(1);
}

metrics::metrics()
    : turn_duration(turn_seconds),
      first_token(turn_seconds),
      overhead(short_seconds),
      stages(turn_seconds),
      batch_size(batch_records),
      commit_duration(short_seconds),
      rows_(std::make_unique<rows>()) {
    rows_->front(*this);
    rows_->turns(*this);
    rows_->model_calls(*this);
    rows_->upstreams(*this);
    rows_->actors(*this);
    rows_->journal(*this);
    rows_->process(*this);
}

metrics::~metrics() = default;

model_meter& metrics::model(std::string_view provider, std::string_view name) {
    return models_[std::string(provider).append("/").append(name)];
}

upstream_meter& metrics::upstream(std::string_view key) {
    const auto colon = key.find(':');
    return upstreams_[key.starts_with("model:") ? key : key.substr(0, colon)];
}

void metrics::sample_with(std::function<void(metrics&)> call) {
    std::lock_guard lock(reading_);
    sample_ = std::move(call);
}

std::vector<metric_info> metrics::catalogue() const {
    std::vector<metric_info> out;
    for (const auto& row : rows_->all) out.push_back(row.info);
    return out;
}

std::string metrics::text() {
    std::lock_guard lock(reading_);
    if (sample_) sample_(*this);
    rows_->usage = read_process_usage();
    std::vector<MetricFamily> families;
    for (const auto& row : rows_->all) {
        MetricFamily family{row.info.name, row.info.help, row.type, {}};
        row.write(family.metric);
        families.push_back(std::move(family));
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
}

status_class class_of(int status) noexcept {
    return static_cast<status_class>(std::clamp(status / 100, 1, 5) - 1);
}

metrics& meters() {
    // Never destroyed: threads may record until the process is gone.
    static auto& made = *new metrics;
    return made;
}

}  // namespace perin::runtime
