#include "domain/intents.hpp"
#include "domain/json.hpp"
#include "domain/text.hpp"
#include "net/front/routes.hpp"

#include <algorithm>
#include <map>

namespace perin::net {

using namespace runtime;
using nlohmann::json;

namespace {

json entry_json(const memory_entry& entry) {
    return {{"key", entry.key},
            {"content", entry.content},
            {"type", entry.type},
            {"context", entry.context.empty() ? json() : json(entry.context)},
            {"importance", entry.importance},
            {"timestamp", to_rfc3339(entry.at)},
            {"useCount", entry.use_count}};
}

std::optional<std::string> decoded(std::string_view text) {
    http_in scratch;
    if (!read_target("/?k=" + std::string(text), scratch)) return std::nullopt;
    return scratch.parameter("k");
}

/// `keys=a,b`, each percent-encoded before they were joined, or `keys` repeated. Nothing: not
/// asked.
result<std::optional<std::vector<std::string>>> keys_of(const http_in& request) {
    using found = std::optional<std::vector<std::string>>;
    found keys;
    std::string_view rest = request.raw_query;
    while (!rest.empty()) {
        auto end = std::min(rest.find('&'), rest.size());
        auto pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!pair.starts_with("keys=")) continue;
        if (!keys) keys.emplace();
        pair.remove_prefix(5);
        for (;;) {
            auto comma = std::min(pair.find(','), pair.size());
            auto key = decoded(pair.substr(0, comma));
            if (!key || key->empty() || code_points(*key) > 200)
                return failure{
                    error_code::invalid_request, "a key has 1 to 200 characters", {}, "keys"};
            keys->push_back(std::move(*key));
            if (comma == pair.size()) break;
            pair.remove_prefix(comma + 1);
        }
    }
    return keys;
}

task<result<std::vector<memory_entry>>> all_entries(exchange& what) {
    return what.server.ask().ask<std::vector<memory_entry>>(what.server.parts().memory,
                                                            memory_query_all{what.account().id});
}

task<http_out> list(exchange& what) {
    auto keys = keys_of(what.request);
    if (!keys) co_return refuse(what, keys.error());
    auto entries = co_await all_entries(what);
    if (!entries) co_return refuse(what, entries.error());
    json memory = json::object();
    std::optional<timestamp> newest;
    for (const auto& entry : *entries) {
        if (!newest || entry.at > *newest) newest = entry.at;
        if (!*keys || std::find((*keys)->begin(), (*keys)->end(), entry.key) != (*keys)->end())
            memory[entry.key] = entry_json(entry);
    }
    co_return json_answer(200, {{"userId", what.account().id},
                                {"memory", std::move(memory)},
                                {"lastUpdated", newest ? json(to_rfc3339(*newest)) : json()}});
}

task<http_out> put(exchange& what) {
    json_reader fields(what.body);
    memory_write write{what.account().id, {}, false, std::nullopt};
    write.entry.key = fields.required_text("key", 1, 200);
    write.entry.content = fields.required_text("content", 1, 100'000);
    write.entry.type = fields.optional_text("type", 1, 50).value_or("fact");
    write.entry.context = fields.optional_text("context", 0, 1'000).value_or("");
    auto importance = fields.optional_number("importance", 0, 1);
    if (fields.error()) co_return refuse(what, *fields.error());
    write.importance_given = importance.has_value();
    write.entry.importance = importance.value_or(0.5);
    auto written =
        co_await what.server.ask().ask<memory_written>(what.server.parts().memory, write);
    if (!written) co_return refuse(what, written.error());
    co_return json_answer(written->created ? 201 : 200, entry_json(written->entry));
}

task<http_out> erase(exchange& what) {
    auto keys = keys_of(what.request);
    if (!keys) co_return refuse(what, keys.error());
    auto all = what.request.parameter("all");
    if (all && *all != "true")
        co_return refuse(what, {error_code::invalid_request, "must be true", {}, "all"});
    if (all.has_value() == keys->has_value())
        co_return refuse(what, {error_code::invalid_request,
                                "either keys or all=true is needed",
                                {},
                                all ? "all" : "keys"});
    memory_erase change{what.account().id, keys->value_or(std::vector<std::string>{}),
                        all.has_value(), std::nullopt};
    auto erased = co_await what.server.ask().ask<memory_erased>(what.server.parts().memory, change);
    if (!erased) co_return refuse(what, erased.error());
    co_return json_answer(200, {{"removed", erased->removed}});
}

task<http_out> relevant(exchange& what) {
    auto text = what.request.parameter("q");
    if (!text || text->empty() || code_points(*text) > 100'000)
        co_return refuse(what,
                         {error_code::invalid_request, "has 1 to 100,000 characters", {}, "q"});
    auto limit = list_limit(what.request, 100, 5);
    if (!limit) co_return refuse(what, limit.error());
    memory_query_relevant wanted{what.account().id, *text, *limit, false};
    auto found =
        co_await what.server.ask().ask<relevant_memory>(what.server.parts().memory, wanted);
    if (!found) co_return refuse(what, found.error());
    auto items = json::array();
    for (const auto& one : found->items)
        items.push_back({{"entry", entry_json(one.entry)}, {"score", one.score}});
    co_return json_answer(200, {{"items", std::move(items)}});
}

task<http_out> stats(exchange& what) {
    auto entries = co_await all_entries(what);
    if (!entries) co_return refuse(what, entries.error());
    std::map<std::string, std::size_t> by_type;
    std::size_t bytes = 0;
    std::optional<timestamp> oldest;
    std::optional<timestamp> newest;
    for (const auto& one : *entries) {
        ++by_type[one.type];
        bytes += one.key.size() + one.content.size() + one.context.size();
        if (!oldest || one.at < *oldest) oldest = one.at;
        if (!newest || one.at > *newest) newest = one.at;
    }
    std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) {
        return a.use_count != b.use_count ? a.use_count > b.use_count : a.key < b.key;
    });
    auto most_used = json::array();
    for (const auto& one : *entries)
        if (most_used.size() < 5 && one.use_count > 0) most_used.push_back(entry_json(one));
    co_return json_answer(200, {{"count", entries->size()},
                                {"byType", by_type},
                                {"bytes", bytes},
                                {"oldest", oldest ? json(to_rfc3339(*oldest)) : json()},
                                {"newest", newest ? json(to_rfc3339(*newest)) : json()},
                                {"mostUsed", std::move(most_used)}});
}

task<http_out> classify_message(exchange& what) {
    json_reader fields(what.body);
    auto message = fields.required_text("message", 1, 100'000);
    if (fields.error()) co_return refuse(what, *fields.error());
    auto found = classify(message);
    json classification{
        {"intent", found.name},
        {"confidence", found.confidence},
        {"specialization", found.specialization ? json(*found.specialization) : json()},
        {"integrations", found.integrations},
        {"actionable", found.actionable}};
    if (!what.request.accepts("text/event-stream")) co_return json_answer(200, classification);
    std::string body;
    for (const auto& step : classification_steps(found, message))
        body += "event: text.delta\ndata: " + json{{"text", step + " "}}.dump() + "\n\n";
    body += "event: classification\ndata: " + classification.dump() + "\n\n";
    co_return http_out{200, "text/event-stream", std::move(body)};
}

}  // namespace

void add_memory_routes(std::vector<route>& to) {
    auto add = [&](http_method method, std::vector<std::string> path, plain_handler handler) {
        to.push_back({method, std::move(path), access::user, limit_class::memory, handler});
    };
    add(http_method::get, {"api", "ai", "memory"}, list);
    add(http_method::post, {"api", "ai", "memory"}, put);
    add(http_method::delete_, {"api", "ai", "memory"}, erase);
    add(http_method::get, {"api", "ai", "memory", "relevant"}, relevant);
    add(http_method::get, {"api", "ai", "memory", "stats"}, stats);
    to.push_back({http_method::post,
                  {"api", "ai", "classify"},
                  access::user,
                  limit_class::classify,
                  classify_message});
}

}  // namespace perin::net
