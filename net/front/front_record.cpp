#include "net/front/front_record.hpp"

#include "net/front/routes.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <cctype>

namespace perin::net {

using namespace runtime;

namespace {

constexpr std::array ends{"slow_reader", "no_pong",   "unauthenticated", "revoked",
                          "too_large",   "bad_frame", "shutdown",        "session_lost"};

}  // namespace

void record_refused(refusal why, std::string_view peer) {
    meters().connections_refused[why].add();
    const auto* reason = why == refusal::full ? "full" : "tls_handshake";
    if (why != refusal::full)
        return log(log_level::debug, "front.refused", "a connection was not served",
                   {{"reason", reason}, {"peer", peer}});
    static occasional gate;
    if (const auto pass = gate.take(); pass.now)
        log(log_level::warning, "front.full", "connections are refused: the most allowed are open",
            {{"refused", pass.times}});
}

void record_request(const exchange& what, std::chrono::nanoseconds took) {
    auto& counted = meters();
    const auto pattern = what.found ? std::string_view{what.found->label} : "unknown";
    auto& meter = what.found && what.found->meter ? *what.found->meter : counted.routes[pattern];
    // A client that went before its answer began has none.
    const auto status = what.status == 0 ? 499 : what.status;
    meter.requests[class_of(status)].add();
    counted.octets[direction::in].add(what.request.body.size());
    if (status == 429) counted.rate_limited.add();
    if (!logs(log_level::debug)) return;
    log(log_level::debug, "front.request", "a request was answered",
        {{"route", pattern},
         {"status", status},
         {"durationMs", took},
         {"requestId", what.request.request_id},
         {"userId", what.from ? std::string_view{what.account().id} : std::string_view{}},
         {"peer", what.request.peer}});
}

void record_malformed(const failure& why, std::string_view request_id, std::string_view peer) {
    meters().routes["malformed"].requests[class_of(status_of(why.code))].add();
    log(log_level::debug, "front.malformed", "what came was no whole request",
        {{"code", to_string(why.code)}, {"requestId", request_id}, {"peer", peer}});
}

void record_closed(websocket_end why, std::string_view session_id, std::string_view user_id) {
    meters().websockets_closed[why].add();
    const auto level = why == websocket_end::slow_reader ? log_level::info : log_level::debug;
    log(level, why == websocket_end::slow_reader ? "front.slow_reader" : "front.websocket_closed",
        "the server closes a WebSocket",
        {{"reason", ends[static_cast<std::size_t>(why)]},
         {"sessionId", session_id},
         {"userId", user_id}});
}

void record_frame_error(const failure& why, std::string_view session_id, std::string_view user_id) {
    if (why.code == error_code::rate_limited) meters().rate_limited.add();
    log(log_level::debug, "front.frame_refused", "a frame was answered with an error",
        {{"code", to_string(why.code)},
         {"pointer", why.pointer},
         {"sessionId", session_id},
         {"userId", user_id}});
}

std::string_view loggable_id(std::string_view echoed) {
    if (echoed == "null") return {};
    if (echoed.size() >= 2 && echoed.front() == '"' && echoed.back() == '"')
        echoed = echoed.substr(1, echoed.size() - 2);
    const auto harmless = std::all_of(echoed.begin(), echoed.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
    return harmless && echoed.size() <= 100 ? echoed : std::string_view{};
}

}  // namespace perin::net
