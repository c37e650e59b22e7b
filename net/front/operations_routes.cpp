#include "net/front/routes.hpp"
#include "runtime/metrics.hpp"

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

constexpr auto ready_timeout = std::chrono::seconds{2};

/// Whether it can be read now, and took what was last written to it.
task<bool> database_answers(front& server) {
    // Also where the last call failed: by a read that goes well that is found to be over, and there
    // may be nobody else who reads.
    list_users probe;
    auto answer =
        co_await server.ask().ask<std::vector<user>>(server.parts().reader, probe, ready_timeout);
    for (const auto& one : server.parts().circuits->all())
        if (one.key == server.settings().database_circuit && one.failures != 0) co_return false;
    co_return answer.has_value();
}

/// `open` where no configured model may be called at present.
const char* state_of_models(front& server) {
    if (server.settings().offline) return "offline";
    const auto& circuits = server.parts().circuits;
    for (const auto& key : server.settings().model_circuits)
        if (circuits->state_of(key) != circuit_state::open) return "ok";
    return server.settings().model_circuits.empty() ? "ok" : "open";
}

task<http_out> health(exchange& what) {
    auto& server = what.server;
    auto database = co_await database_answers(server);
    auto model = state_of_models(server);
    auto well = database && model != std::string_view("open");
    co_return json_answer(
        200, {{"status", well ? "ok" : "degraded"},
              {"version", server.settings().version},
              {"node", server.settings().node},
              {"uptimeS", server.uptime().count()},
              {"checks",
               {{"database", database ? "ok" : "failed"}, {"llm", model}, {"cluster", "single"}}}});
}

task<http_out> live(exchange&) { co_return json_answer(200, {{"status", "ok"}}); }

task<http_out> ready(exchange& what) {
    if (what.server.draining())
        co_return refuse(what, {error_code::unavailable, "the server is shutting down"});
    auto database = co_await database_answers(what.server);
    if (!database)
        co_return refuse(what, {error_code::unavailable,
                                "the database does not answer, or cannot be written to"});
    if (what.server.parts().is_stuck())
        co_return refuse(what, {error_code::unavailable, "a part of the server is stuck"});
    co_return json_answer(200, {{"status", "ok"}});
}

/// Prometheus' text format (its documentation, Exposition formats).
task<http_out> metrics_text(exchange&) {
    http_out out{200, "text/plain; version=0.0.4; charset=utf-8", meters().text()};
    co_return out;
}

task<http_out> circuits(exchange& what) {
    auto all = json::array();
    for (const auto& one : what.server.parts().circuits->all())
        all.push_back({{"key", one.key},
                       {"state", to_string(one.state)},
                       {"failures", one.failures},
                       {"lastFailure", time_or_null(one.last_failure)},
                       {"opensUntil", time_or_null(one.opens_until)}});
    co_return json_answer(200, all);
}

task<http_out> reset_circuits(exchange& what) {
    what.server.parts().circuits->reset_all();
    co_return no_content();
}

task<http_out> reset_circuit(exchange& what) {
    if (what.server.parts().circuits->reset(what.request.path[1])) co_return no_content();
    co_return refuse(what, {error_code::not_found, "there is no circuit of that key"});
}

task<http_out> actors(exchange& what) {
    describe_actors wanted;
    auto root = what.server.parts().root.load();
    auto tree = co_await what.server.ask().ask<actor_report>(root, wanted);
    co_return tree ? json_answer(200, to_json(*tree)) : refuse(what, tree.error());
}

}  // namespace

void add_health_routes(std::vector<route>& to) {
    to.push_back({http_method::get, {"api", "health"}, access::open, limit_class::none, health});
    to.push_back(
        {http_method::get, {"api", "health", "live"}, access::open, limit_class::none, live});
    to.push_back(
        {http_method::get, {"api", "health", "ready"}, access::open, limit_class::none, ready});
}

void add_operations_routes(std::vector<route>& to) {
    auto add = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        to.push_back({method, std::move(path), access::admin, limit_class::none, handler});
    };
    add(http_method::get, {"metrics"}, metrics_text);
    add(http_method::get, {"circuits"}, circuits);
    add(http_method::delete_, {"circuits"}, reset_circuits);
    add(http_method::delete_, {"circuits", "*"}, reset_circuit);
    add(http_method::get, {"actors"}, actors);
}

}  // namespace perin::net
