#include "cli/chat_screen.hpp"

#include "runtime/clock.hpp"

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
