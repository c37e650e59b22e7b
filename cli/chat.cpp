#include "cli/chat.hpp"

#include "cli/admin_client.hpp"
#include "cli/chat_link.hpp"
#include "cli/chat_screen.hpp"
#include "cli/exit_code.hpp"
#include "cli/line_editor.hpp"
#include "cli/run_file.hpp"

#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

namespace perin::cli {

using nlohmann::json;

namespace {

std::atomic<bool> interrupted = false;

void on_interrupt(int) { interrupted = true; }

/// Where the server is, and by what it is asked.
struct address {
    std::string url;
    std::string token;
};

result<address> address_of(const chat_options& options) {
    if (options.url && options.token) return address{*options.url, *options.token};
    auto run = live_run_file(options.configuration.data);
    if (!run)
        return failure{error_code::unavailable, "no server runs here; start one with: perin serve"};
    if (options.token) return address{run->url, *options.token};
    auto session = admin_client(*run).open_session(options.user);
    if (!session) return session.error();
    return address{run->url, session->token};
}

/// A conversation with a server, through lost connections.
class chat {
  public:
    chat(address where, chat_screen& screen) : where_(std::move(where)), screen_(screen) {}

    result<void> connect() {
        auto made = connect_chat(where_.url, where_.token);
        if (!made) return made.error();
        link_ = std::move(*made);
        return {};
    }

    /// The newest conversation becomes this one.
    result<void> resume() {
        admin_client api(run_file{where_.url, where_.url, 0, where_.token, ""});
        auto list = api.call("GET", "/api/conversations?limit=1");
        if (!list) return list.error();
        if (list->value("items", json::array()).empty()) return {};
        return take_up((*list)["items"][0].value("id", ""));
    }

    /// Goes on with a conversation, and shows the last of it.
    result<void> take_up(const std::string& id) {
        conversation_ = id;
        admin_client api(run_file{where_.url, where_.url, 0, where_.token, ""});
        auto shown = api.call("GET", "/api/conversations/" + id + "?limit=6");
        if (!shown)
            return shown.error().code == error_code::not_found ? result<void>{} : shown.error();
        seq_ = shown->value("lastSeq", std::uint64_t{0});
        for (const auto& message : (*shown)["messages"]) screen_.earlier(message);
        return {};
    }

    /// One turn, to its end. `false` where it failed.
    result<bool> turn(const std::string& text) {
        json frame{{"type", "chat.send"},
                   {"requestId", std::to_string(++number_)},
                   {"message", text},
                   // The same message sent again after a lost connection is one turn.
                   {"idempotencyKey", screen_.unique_key()}};
        if (!conversation_.empty()) frame["conversationId"] = conversation_;
        turn_.clear();
        interrupted = false;
        bool cancelled = false;
        link_->send(frame);
        for (;;) {
            if (interrupted && !turn_.empty() && !std::exchange(cancelled, true))
                link_->send({{"type", "chat.cancel"}, {"requestId", "cancel"}, {"turnId", turn_}});
            auto news = link_->next(std::chrono::milliseconds{100});
            if (!news) {
                if (link_->open()) continue;
                if (auto again = reconnect(frame); !again) return again.error();
                continue;
            }
            if (auto over = take(*news)) return *over;
        }
    }

    [[nodiscard]] const std::string& conversation() const { return conversation_; }

  private:
    /// What a frame means for the turn: nothing, or its end.
    std::optional<result<bool>> take(const json& frame) {
        auto type = frame.value("type", "");
        if (type == "accepted" && frame.contains("turnId")) {
            turn_ = frame.value("turnId", "");
            conversation_ = frame.value("conversationId", "");
            seq_ = std::max(seq_, frame.value("seq", std::uint64_t{0}));
        }
        if (type == "error" && turn_.empty()) {
            auto code = error_code_of(frame.value("code", "")).value_or(error_code::internal);
            return result<bool>{failure{code, frame.value("detail", "the server refused it")}};
        }
        if (type != "event" || frame.value("seq", std::uint64_t{0}) <= seq_) return std::nullopt;
        seq_ = frame.value("seq", std::uint64_t{0});
        screen_.show(frame);
        if (frame.value("turnId", "") != turn_) return std::nullopt;
        auto kind = frame["event"].value("kind", "");
        if (kind == "turn.completed") return result<bool>{true};
        if (kind == "turn.failed") return result<bool>{false};
        return std::nullopt;
    }

    /// The server went away in the middle: read on where it was left.
    result<void> reconnect(const json& frame) {
        screen_.say("connection lost; reconnecting ...");
        for (int i = 0; i < 30; ++i) {
            if (interrupted) break;
            std::this_thread::sleep_for(std::chrono::milliseconds{std::min(200 * (i + 1), 2'000)});
            if (!connect()) continue;
            if (turn_.empty())
                link_->send(frame);
            else
                link_->send({{"type", "conversation.subscribe"},
                             {"requestId", "again"},
                             {"conversationId", conversation_},
                             {"afterSeq", seq_}});
            return {};
        }
        return failure{error_code::unavailable, "the server does not come back"};
    }

    address where_;
    chat_screen& screen_;
    std::unique_ptr<chat_link> link_;
    std::string conversation_;
    std::string turn_;
    std::uint64_t seq_ = 0;
    int number_ = 0;
};

int fail(const failure& why) {
    std::cerr << "perin: " << why.detail << '\n';
    return static_cast<int>(exit_code_of(why));
}

int converse(chat& with, chat_screen& screen, const chat_options& options) {
    line_editor editor(options.configuration.data / "chat_history");
    screen.say("Perin is listening. Ctrl-C stops an answer, Ctrl-D ends the conversation.");
    while (auto line = editor.read("you> ")) {
        if (line->find_first_not_of(" \t") == std::string::npos) continue;
        if (*line == "/quit" || *line == "/exit") break;
        auto done = with.turn(*line);
        screen.end_of_turn();
        if (done) continue;
        screen.say(done.error().detail);
        if (done.error().code == error_code::unavailable) return fail(done.error());
    }
    if (!with.conversation().empty())
        screen.say("Go on later with: perin chat --conversation " + with.conversation());
    return static_cast<int>(exit_code::done);
}

}  // namespace

int run_chat(const chat_options& options) {
    auto where = address_of(options);
    if (!where) return fail(where.error());
    chat_screen screen(options.json      ? chat_screen::style::json
                       : options.message ? chat_screen::style::text
                                         : chat_screen::style::terminal);
    chat with(*where, screen);
    if (auto done = with.connect(); !done) return fail(done.error());
    if (options.conversation) {
        if (auto done = with.take_up(*options.conversation); !done) return fail(done.error());
    } else if (options.resume) {
        if (auto done = with.resume(); !done) return fail(done.error());
    }
    std::signal(SIGINT, on_interrupt);
    if (!options.message) return converse(with, screen, options);
    auto done = with.turn(*options.message);
    screen.end_of_turn();
    if (!done) return fail(done.error());
    return static_cast<int>(*done ? exit_code::done : exit_code::failed);
}

}  // namespace perin::cli
