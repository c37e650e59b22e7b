#include "cli/chat_screen.hpp"

#include "domain/text.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <unistd.h>

namespace perin::cli {

namespace {

/// What people read while they wait, by stage; the others pass in silence.
std::string words_for(const std::string& stage) {
    if (stage == "PLANNER") return "thinking";
    if (stage == "TOOL_EXECUTION") return "using tools";
    return {};
}

/// Text of a model must not command the terminal.
std::string printable(const std::string& text) {
    std::string out;
    for (unsigned char c : text)
        if (c >= 0x20 || c == '\n' || c == '\t') out.push_back(static_cast<char>(c));
    return out;
}

/// A value of a frame; empty where it is null or absent.
std::string text_of(const nlohmann::json& event, const char* field) {
    const auto found = event.find(field);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Values longer than a line are cut.
std::string brief(const nlohmann::json& value) {
    constexpr std::size_t most = 160;
    const auto whole = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const auto cut = utf8_prefix(whole, most);
    return cut.size() == whole.size() ? whole : std::string(cut) + " ...";
}

/// A line for an event `step.*`; empty where it says nothing new.
std::string words_for_step(const std::string& kind, const nlohmann::json& event) {
    const auto name = text_of(event, "stepName");
    if (kind == "step.start") return name + " ...";
    if (kind == "step.progress") return "  " + text_of(event, "message");
    if (kind != "step.result") return {};
    const auto status = text_of(event, "status");
    const auto result = event.value("result", nlohmann::json());
    const auto shown = result.is_null() ? std::string{} : ": " + brief(result);
    if (status == "ok") return name + " is done" + shown;
    if (status == "waiting") return name + " waits" + shown;
    return name + (status == "skipped" ? " is skipped" : " failed") + shown;
}

/// A line for an event `multi_step.*`.
std::string words_for_workflow(const std::string& kind, const nlohmann::json& event) {
    auto change = kind.substr(kind.find('.') + 1);
    if (change == "initiated") {
        const auto why = text_of(event, "reasoning");
        const auto count = event.value("steps", nlohmann::json::array()).size();
        return "begins " + std::to_string(count) + (count == 1 ? " step" : " steps") +
               (why.empty() ? "" : ": " + why);
    }
    const auto reason = text_of(event, "reason");
    return "the steps are " + (change == "failed" ? "stopped by a failure" : change) +
           (reason.empty() ? "" : " (" + reason + ")");
}

}  // namespace

chat_screen::chat_screen(style how)
    : how_(how), colour_(how == style::terminal && isatty(STDOUT_FILENO) != 0) {}

void chat_screen::show(const nlohmann::json& frame) {
    if (how_ == style::json) {
        std::cout << frame.dump() << std::endl;
        return;
    }
    const auto& event = frame["event"];
    auto kind = event.value("kind", "");
    if (kind == "text.delta") return show_text(event.value("text", ""));
    if (kind == "turn.failed") return say("The turn failed: " + event.value("detail", ""));
    if (kind == "turn.completed" && event.value("finishReason", "") == "cancelled")
        return say("stopped");
    if (kind.starts_with("multi_step.") || kind.starts_with("step."))
        return show_workflow(kind, event);
    if (how_ == style::text) return;
    if (kind == "stage" && event.value("status", "") == "started") {
        if (auto words = words_for(event.value("name", "")); !words.empty()) aside(words + " ...");
    } else if (kind == "tool.started") {
        aside(event.value("name", "") + " " + event["arguments"].dump());
    } else if (kind == "tool.result") {
        auto failed = event.value("status", "") != "ok";
        aside("  " +
              (failed ? "failed: " + event["error"].value("message", "") : std::string("done")));
    } else if (kind == "notice" && event.value("code", "") != "offline") {
        aside(event.value("detail", ""));
    }
}

/// Also beside a text that goes elsewhere: a step may wait for the person who asked.
void chat_screen::show_workflow(const std::string& kind, const nlohmann::json& event) {
    auto line =
        kind.starts_with("step.") ? words_for_step(kind, event) : words_for_workflow(kind, event);
    // A line is one line, whatever a name has in it.
    std::ranges::replace(line, '\n', ' ');
    if (!line.empty()) say(printable(line));
}

void chat_screen::show_text(const std::string& text) {
    if (how_ == style::terminal && !in_text_) std::cout << "perin> ";
    in_text_ = true;
    std::cout << (how_ == style::terminal ? printable(text) : text) << std::flush;
}

void chat_screen::earlier(const nlohmann::json& message) {
    if (how_ != style::terminal) return;
    auto who = message.value("role", "") == "user" ? "you> " : "perin> ";
    std::cout << who << printable(message.value("content", "")) << '\n';
}

void chat_screen::aside(const std::string& line) {
    if (in_text_) std::cout << '\n';
    in_text_ = false;
    std::cout << (colour_ ? "\x1b[2m" : "") << "  " << printable(line) << (colour_ ? "\x1b[0m" : "")
              << std::endl;
}

void chat_screen::say(const std::string& remark) {
    if (how_ == style::terminal) return aside(remark);
    std::cerr << "perin: " << remark << '\n';
}

void chat_screen::end_of_turn() {
    if (how_ != style::json && in_text_) std::cout << std::endl;
    in_text_ = false;
}

std::string chat_screen::unique_key() {
    std::array<std::uint8_t, 16> octets{};
    runtime::system_entropy{}.fill(octets);
    static constexpr auto digits = "0123456789abcdef";
    std::string key;
    for (auto octet : octets) key.append({digits[octet >> 4], digits[octet & 15]});
    return key;
}

}  // namespace perin::cli
