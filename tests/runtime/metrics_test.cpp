#include "runtime/metrics.hpp"

#include "runtime/process_usage.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

/// The value of a sample, named as the text has it.
std::optional<std::string> value_of(const std::string& text, const std::string& series) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    return std::nullopt;
}

std::string file(const std::string& path) {
    std::ifstream in(std::string(PERIN_SOURCE_DIR) + "/" + path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

std::set<std::string> names_of_catalogue() {
    std::set<std::string> out;
    for (const auto& one : metrics().catalogue()) out.insert(one.name);
    return out;
}

/// Every metric that a text names, without what a histogram adds to its name.
std::set<std::string> names_in(const std::string& text, const std::set<std::string>& known) {
    std::set<std::string> out;
    const std::regex name("(?:perin|gen_ai|process)_[a-z0-9_]+");
    for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
        auto found = it->str();
        for (const auto* part : {"_bucket", "_sum", "_count"})
            if (!known.contains(found) && found.ends_with(part))
                found.resize(found.size() - std::string_view(part).size());
        out.insert(found);
    }
    return out;
}

/// Every `expr` and every query of a variable in the dashboard.
void collect_queries(const nlohmann::json& from, std::string& into) {
    if (from.is_object()) {
        for (const auto& [key, value] : from.items()) {
            if ((key == "expr" || key == "query") && value.is_string())
                into.append(value.get<std::string>()).append("\n");
            else
                collect_queries(value, into);
        }
    } else if (from.is_array()) {
        for (const auto& one : from) collect_queries(one, into);
    }
}

/// The ids of events that a source file writes: of each call all literals that look like one.
void collect_events(const std::string& source, std::set<std::string>& into) {
    const std::regex event(R"re("([a-z]+\.[a-z_]+)")re");
    for (const std::string call : {" log(", "\tlog(", "log_model(", "render_line("})
        for (auto at = source.find(call); at != std::string::npos; at = source.find(call, at + 1)) {
            const auto statement = source.substr(at, source.find(';', at) - at);
            for (std::sregex_iterator it(statement.begin(), statement.end(), event), end; it != end;
                 ++it)
                into.insert((*it)[1]);
        }
}

}  // namespace

TEST_CASE("a histogram counts each value in the buckets that reach it") {
    static constexpr std::array bounds{1.0, 2.0, 5.0};
    histogram cell{bounds};
    for (const auto value : {0.5, 1.0, 1.5, 5.0, 7.0}) cell.observe(value);
    cell.observe(1500ms);
    const auto read = cell.read();
    CHECK(read.cumulative == std::vector<std::uint64_t>{2, 4, 5, 6});
    CHECK(read.sum == Approx(16.5));
}

TEST_CASE("nothing that many threads record is lost") {
    static constexpr std::array bounds{10.0};
    counter count;
    gauge level;
    histogram spread{bounds};
    by_name<counter> named{8};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 10'000; ++i) {
                count.add();
                level.add(i % 2 == 0 ? 3 : -1);
                spread.observe(1);
                named[i % 2 == 0 ? "even" : "odd"].add();
            }
        });
    for (auto& one : threads) one.join();
    CHECK(count.value() == 40'000);
    CHECK(level.value() == 40'000);
    CHECK(spread.read().cumulative.back() == 40'000);
    CHECK(spread.read().sum == Approx(40'000));
    CHECK(named["even"].value() == 20'000);
}

TEST_CASE("names past the bound share one series, and a reference stays valid") {
    by_name<counter> named{2};
    auto& first = named["a"];
    named["b"].add();
    for (int i = 0; i < 100; ++i) named["name-" + std::to_string(i)].add();
    first.add(5);
    std::map<std::string, std::uint64_t> all;
    named.each([&](const std::string& name, const counter& cell) { all[name] = cell.value(); });
    CHECK(all == std::map<std::string, std::uint64_t>{{"a", 5}, {"b", 1}, {"other", 100}});
}

TEST_CASE("what is recorded stands in the text") {
    metrics of;
    of.connections[connection_kind::websocket].add(3);
    of.connections_refused[refusal::full].add();
    of.routes["POST /api/ai/chat"].requests[class_of(503)].add(2);
    of.turns_ended[turn_end::status::failed].add();
    of.turns_failed[error_code::upstream_timeout].add();
    of.stages[stage_name::planner].observe(20ms);
    of.tools["memory_store"].calls[tool_status::timed_out].add();
    of.commit_duration.observe(2ms);
    of.log_lines[log_level::warning].add();
    const auto text = of.text();
    const auto [series, value] = GENERATE(table<std::string, std::string>({
        {R"(perin_front_connections{kind="websocket"})", "3"},
        {R"(perin_front_connections{kind="http"})", "0"},
        {R"(perin_front_connections_refused_total{reason="full"})", "1"},
        {R"(perin_front_requests_total{route="POST /api/ai/chat",status="5xx"})", "2"},
        {R"(perin_turns_ended_total{outcome="failed"})", "1"},
        {R"(perin_turns_failed_total{code="upstream_timeout"})", "1"},
        {R"(perin_stage_duration_seconds_bucket{stage="PLANNER",le="0.01"})", "0"},
        {R"(perin_stage_duration_seconds_bucket{stage="PLANNER",le="0.025"})", "1"},
        {R"(perin_stage_duration_seconds_count{stage="PLANNER"})", "1"},
        {R"(perin_tool_calls_total{tool="memory_store",status="timed_out"})", "1"},
        {R"(perin_journal_commit_duration_seconds_bucket{le="+Inf"})", "1"},
        {R"(perin_log_lines_total{level="warning"})", "1"},
    }));
    INFO(series);
    CHECK(value_of(text, series) == value);
}

TEST_CASE("model calls bear OpenTelemetry's names, errors their category") {
    metrics of;
    auto& meter = of.model("openai", "vendor/model-1");
    meter.succeeded(50ms, token_usage{10, 20, 30});
    meter.succeeded(60ms, std::nullopt);
    meter.failed(1ms, error_category::rate_limit);
    CHECK(&meter == &of.model("openai", "vendor/model-1"));
    const auto text = of.text();
    const std::string labels = R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
                               R"(gen_ai_request_model="vendor/model-1")";
    const std::string duration = "gen_ai_client_operation_duration_seconds_count{" + labels;
    const std::string usage = "gen_ai_client_token_usage_sum{" + labels;
    CHECK(value_of(text, duration + "}") == "2");
    CHECK(value_of(text, duration + R"(,error_type="RATE_LIMIT"})") == "1");
    CHECK_FALSE(value_of(text, duration + R"(,error_type="TIMEOUT"})"));
    CHECK(value_of(text, usage + R"(,gen_ai_token_type="input"})") == "10");
    CHECK(value_of(text, usage + R"(,gen_ai_token_type="output"})") == "20");
}

TEST_CASE("upstreams are told apart by model and by kind, never by user") {
    metrics of;
    of.upstream("google-calendar:anna@example.com").failed(error_category::timeout);
    of.upstream("google-calendar:bert@example.com").succeeded();
    of.upstream("google-calendar:bert@example.com").retries.add();
    of.upstream("model:gpt-4o-mini").refused[upstream_refusal::circuit_open].add();
    of.upstream("model:other").waiting.set(4);
    of.upstream("mail").in_flight.add();
    const auto text = of.text();
    CHECK(text.find("example.com") == std::string::npos);
    const std::string attempts = "perin_upstream_attempts_total{upstream=\"google-calendar\",";
    CHECK(value_of(text, attempts + R"(category="TIMEOUT"})") == "1");
    CHECK(value_of(text, attempts + R"(category="OK"})") == "1");
    CHECK(value_of(text, R"(perin_upstream_retries_total{upstream="google-calendar"})") == "1");
    CHECK(
        value_of(
            text,
            R"(perin_upstream_refused_total{upstream="model:gpt-4o-mini",reason="circuit_open"})") ==
        "1");
    CHECK(value_of(text, R"(perin_upstream_waiting{upstream="model:other"})") == "4");
    CHECK(value_of(text, R"(perin_upstream_in_flight{upstream="mail"})") == "1");
}

TEST_CASE("circuits are counted in the state in which they are") {
    metrics of;
    auto& meter = of.upstream("slack:anna");
    using enum breaker_state;
    meter.breaker_moved(std::nullopt, closed);
    meter.breaker_moved(std::nullopt, closed);
    meter.breaker_moved(closed, open);
    meter.breaker_moved(open, half_open);
    CHECK(meter.breakers[closed].value() == 1);
    CHECK(meter.breakers[half_open].value() == 1);
    CHECK(meter.breakers[open].value() == 0);
    meter.breaker_moved(half_open, std::nullopt);
    CHECK(meter.breakers[half_open].value() == 0);
    CHECK(value_of(of.text(), R"(perin_upstream_circuits{upstream="slack",state="closed"})") ==
          "1");
}

TEST_CASE("supervisors and the watchdog record actors by their kind") {
    metrics of;
    of.actors["conversation"].alive.add(2);
    of.actors["conversation"].restarts.add();
    of.actors["store"].slow_handlers.add();
    of.actors["store"].longest_mailbox.set(17);
    const auto text = of.text();
    CHECK(value_of(text, R"(perin_actors_alive{actor="conversation"})") == "2");
    CHECK(value_of(text, R"(perin_actor_restarts_total{actor="conversation"})") == "1");
    CHECK(value_of(text, R"(perin_actor_slow_handlers_total{actor="store"})") == "1");
    CHECK(value_of(text, R"(perin_actor_mailbox_longest{actor="store"})") == "17");
}

TEST_CASE("gauges that are only looked at are sampled with each reading, until that ends") {
    metrics of;
    int times = 0;
    of.sample_with([&](metrics& into) { into.actors_running.set(++times); });
    CHECK(value_of(of.text(), "perin_actors_running") == "1");
    CHECK(value_of(of.text(), "perin_actors_running") == "2");
    of.sample_with(nullptr);
    CHECK(value_of(of.text(), "perin_actors_running") == "2");
    CHECK(times == 2);
}

TEST_CASE("the process tells what it uses") {
    const auto usage = read_process_usage();
    REQUIRE(usage);
    CHECK(usage->resident_bytes > 1'000'000);
    CHECK(usage->virtual_bytes >= usage->resident_bytes);
    CHECK(usage->threads >= 1);
    CHECK(usage->open_files >= 3);
    CHECK(usage->most_files >= usage->open_files);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    CHECK(usage->start_seconds > now - 86'400);
    CHECK(usage->start_seconds < now + 60);
}

TEST_CASE("a label's text cannot break the format") {
    metrics of;
    of.routes["GET /a\"b\\c\nd"].requests[status_class::success].add();
    CHECK(of.text().find(R"(route="GET /a\"b\\c\nd")") != std::string::npos);
}

TEST_CASE("the catalogue follows Prometheus' rules of names") {
    std::set<std::string> seen;
    for (const auto& one : metrics().catalogue()) {
        INFO(one.name);
        CHECK(seen.insert(one.name).second);
        CHECK(std::regex_match(one.name, std::regex("[a-z][a-z0-9_]*")));
        CHECK((one.type == "counter") == one.name.ends_with("_total"));
        CHECK(!one.help.empty());
        for (const auto& label : one.labels)
            CHECK(std::regex_match(label, std::regex("[a-z][a-z0-9_]*")));
    }
}

TEST_CASE("every metric of the catalogue is in the text, and no other") {
    std::set<std::string> told;
    std::istringstream lines(metrics().text());
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (std::regex_match(line, found, std::regex("# TYPE ([a-z0-9_]+) [a-z]+")))
            told.insert(found[1]);
    }
    CHECK(told == names_of_catalogue());
}

TEST_CASE("the dashboard shows every metric, and none that is not there") {
    const auto dashboard = nlohmann::json::parse(file("config/grafana-dashboard.json"));
    std::string queries;
    collect_queries(dashboard, queries);
    const auto known = names_of_catalogue();
    auto shown = names_in(queries, known);
    for (const auto& one : metrics().catalogue())
        for (const auto& label : one.labels) shown.erase(label);
    CHECK(shown == known);
}

TEST_CASE("the dashboard is one that Grafana imports") {
    const auto dashboard = nlohmann::json::parse(file("config/grafana-dashboard.json"));
    CHECK(dashboard["schemaVersion"] >= 36);
    CHECK(dashboard["id"].is_null());
    CHECK(dashboard["uid"] == "perin");
    REQUIRE(dashboard["__inputs"].size() == 1);
    CHECK(dashboard["__inputs"][0]["pluginId"] == "prometheus");
    std::set<int> ids;
    for (const auto& panel : dashboard["panels"]) {
        INFO(panel.dump());
        CHECK(ids.insert(panel["id"].get<int>()).second);
        CHECK(panel["gridPos"]["x"].get<int>() + panel["gridPos"]["w"].get<int>() <= 24);
        if (panel["type"] == "row") continue;
        CHECK(panel["datasource"]["uid"] == "${DS_PROMETHEUS}");
        CHECK(!panel["targets"].empty());
    }
}

TEST_CASE("the operators' page has a line for every metric") {
    const auto page = file("docs/operations.md");
    for (const auto& one : metrics().catalogue()) {
        INFO(one.name);
        CHECK(page.find("| `" + one.name + "` | " + one.type + " |") != std::string::npos);
        for (const auto& label : one.labels)
            CHECK(page.find("`" + label + "`") != std::string::npos);
    }
}

TEST_CASE("the operators' page has a line for every event of the log, and for no other") {
    std::set<std::string> written;
    for (const auto* room : {"runtime", "net", "actors", "cli"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(
                 std::string(PERIN_SOURCE_DIR) + "/" + room))
            if (entry.path().extension() == ".cpp")
                collect_events(file(std::filesystem::relative(entry.path(), PERIN_SOURCE_DIR)),
                               written);
    CHECK(written.size() > 15);
    std::set<std::string> documented;
    const auto page = file("docs/operations.md");
    const std::regex row(R"re(\n\| `([a-z]+\.[a-z_]+)` \|)re");
    for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it)
        documented.insert((*it)[1]);
    CHECK(documented == written);
}
