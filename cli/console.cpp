#include "cli/console.hpp"

#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace perin::cli {

namespace {

constexpr std::size_t longest_line = std::size_t{64} << 10U;

/// Switches the terminal's echo off for its life. A signal that ends the program meanwhile leaves
/// it off; the shell then switches it on again.
class no_echo {
  public:
    no_echo() : on_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!on_) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ECHONL;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    no_echo(const no_echo&) = delete;
    no_echo& operator=(const no_echo&) = delete;
    ~no_echo() {
        if (on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

  private:
    termios before_{};
    bool on_;
};

}  // namespace

std::ostream& system_console::out() { return std::cout; }
std::ostream& system_console::err() { return std::cerr; }
bool system_console::interactive() { return ::isatty(STDIN_FILENO) == 1; }

std::optional<std::string> system_console::line() {
    std::string line;
    bool any = false;
    for (char c = 0; line.size() < longest_line && std::cin.get(c);) {
        any = true;
        if (c == '\n') break;
        line += c;
    }
    if (!any) return {};
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::optional<std::string> system_console::hidden_line() {
    const no_echo quiet;
    return line();
}

std::optional<std::string> ask_new_password(console& at) {
    if (!at.interactive()) {
        auto password = at.line();
        if (!password) at.err() << "perin: the password must be a line of standard input\n";
        return password;
    }
    at.err() << "Password: " << std::flush;
    auto first = at.hidden_line();
    if (!first) return {};
    at.err() << "Once more: " << std::flush;
    const auto second = at.hidden_line();
    if (first == second) return first;
    at.err() << "perin: the two are not the same\n";
    return {};
}

std::optional<bool> ask(console& at, std::string_view question) {
    at.err() << question << " [y/N] " << std::flush;
    const auto answer = at.line();
    if (!answer) return {};
    return *answer == "y" || *answer == "Y" || *answer == "yes";
}

}  // namespace perin::cli
