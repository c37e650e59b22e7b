#pragma once

#include "cli/chat.hpp"
#include "cli/exit_code.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perin::cli {

struct serve_command {};

struct user_add {
    std::string email;
    /// Nothing: what stands before the `@`.
    std::optional<std::string> name = {};
    std::string timezone = "UTC";
    bool admin = false;
};
struct user_list {};
struct user_passwd {
    std::string email;
};
struct user_remove {
    std::string email;
};

struct token_create {
    std::string email;
    std::string label = {};
    std::string expires = "365d";
};
struct token_list {
    std::string email;
};
struct token_revoke {
    std::string id;
};

// Times as a person writes them: RFC 3339, a date, or words, in the user's zone.
struct calendar_list {
    std::string email;
    /// Nothing: from now on.
    std::optional<std::string> from = {};
    /// Nothing: a week.
    std::optional<std::string> to = {};
};
struct calendar_add {
    std::string email;
    std::string title = {};
    std::string start = {};
    /// Nothing: what the words of the start say, else an hour, or a day.
    std::optional<std::string> end = {};
    bool all_day = false;
    std::string location = {};
    std::string description = {};
    /// A recurrence rule of iCalendar.
    std::string repeat = {};
    /// Also where something else is.
    bool overlap = false;
};
struct calendar_import {
    std::string email;
    /// `-`: standard input.
    std::string file;
};
struct calendar_export {
    std::string email;
    /// `-`: standard output.
    std::string file = "-";
};
struct calendar_feed {
    std::string email;
    /// End it instead.
    bool revoke = false;
};

struct link_create {
    std::string email;
    std::string title = {};
    /// Minutes, such as `30,60`.
    std::string duration = {};
    std::optional<std::string> timezone = {};
    /// Days as a person writes them, the last one included.
    std::optional<std::string> from = {};
    std::optional<std::string> to = {};
    std::optional<std::string> expires = {};
    bool approval = false;
    std::optional<std::int64_t> most_bookings = {};
    std::optional<std::int64_t> most_a_day = {};
    // Minutes.
    std::optional<std::int64_t> notice = {};
    std::optional<std::int64_t> before = {};
    std::optional<std::int64_t> after = {};
    std::optional<std::int64_t> step = {};
};
struct link_list {
    std::string email;
};
struct link_revoke {
    std::string email;
    std::string id;
};

struct workflow_list {
    /// Of one state alone.
    std::optional<std::string> status = {};
};
struct workflow_show {
    std::string id;
};
/// `pause`, `resume`, `retry`, `cancel`, `skip` or `answer`.
struct workflow_command {
    std::string verb;
    std::string id;
    /// Of `skip` and `answer`; of `retry` the step that failed, where none is named.
    std::string step = {};
    /// JSON, of `answer`.
    std::string answer = {};
};

struct backup_command {
    std::string file;
};
struct restore_command {
    std::string file;
};
struct export_command {
    std::string email;
};
struct erase_command {
    std::string email;
};
struct database_check {};
struct migrate_command {
    /// Say what would run, and run nothing.
    bool dry_run = false;
};
struct database_move {
    /// The URL of a PostgreSQL database, or the file of an embedded one.
    std::string to;
};

struct secrets_rotate {
    /// Remove what cannot be opened: nobody has the secret any more.
    bool lost = false;
};

struct config_show {};
struct config_check {};
struct version_command {};

using command =
    std::variant<serve_command, chat_options, user_add, user_list, user_passwd, user_remove,
                 token_create, token_list, token_revoke, calendar_list, calendar_add,
                 calendar_import, calendar_export, calendar_feed, link_create, link_list,
                 link_revoke, workflow_list, workflow_show, workflow_command, backup_command,
                 restore_command, export_command, erase_command, database_check, database_move,
                 migrate_command, secrets_rotate, config_show, config_check, version_command>;

/// What the user asked for.
struct command_line {
    command what;
    std::optional<std::string> config;
    bool json = false;
    /// Do not ask before something is destroyed.
    bool yes = false;
};

/// The program ends before it does anything: help was asked for, or the usage is bad.
struct early_exit {
    exit_code code = exit_code::usage;
    /// For standard output.
    std::string out = {};
    /// For standard error.
    std::string err = {};
};

/// Reads the arguments, without the program's own name. E-mails are normalized. Pure.
[[nodiscard]] std::variant<command_line, early_exit> parse_command_line(
    const std::vector<std::string>& arguments);

}  // namespace perin::cli
