#include "cli/program.hpp"

#include "cli/account_commands.hpp"
#include "cli/actor_tree.hpp"
#include "cli/backup_commands.hpp"
#include "cli/calendar_commands.hpp"
#include "cli/command_line.hpp"
#include "cli/config_commands.hpp"
#include "cli/database_commands.hpp"
#include "cli/link_commands.hpp"
#include "cli/migrate_command.hpp"
#include "cli/open_accounts.hpp"
#include "cli/open_calendar.hpp"
#include "cli/open_links.hpp"
#include "cli/open_workflows.hpp"
#include "cli/personal_data_commands.hpp"
#include "cli/secret_commands.hpp"
#include "cli/server.hpp"
#include "cli/workflow_commands.hpp"
#include "runtime/clock.hpp"
#include "runtime/crash_point.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>

namespace perin::cli {

namespace {

void print_version(console& at, bool json) {
    if (json) {
        at.out() << nlohmann::json{{"version", PERIN_VERSION}}.dump() << '\n';
    } else {
        at.out() << "perin " PERIN_VERSION "\n";
    }
}

/// What each command does once there is a configuration; what is left are those on accounts.
class dispatcher {
  public:
    dispatcher(const command_line& line, const runtime::configuration& configuration, console& at)
        : line_(line), configuration_(configuration), at_(at) {}

    int operator()(const serve_command&) const { return run_server(configuration_); }

    int operator()(chat_options options) const {
        options.json = line_.json;
        options.configuration = configuration_;
        return run_chat(options);
    }

    int operator()(const config_show&) const {
        show_configuration(configuration_, at_, line_.json);
        return 0;
    }

    int operator()(const config_check&) const {
        // A bad one does not come as far as here.
        at_.out() << (line_.json ? "{\"ok\":true}" : "the configuration is good") << '\n';
        return 0;
    }

    int operator()(const version_command&) const {
        print_version(at_, line_.json);
        return 0;
    }

    int operator()(const backup_command& wanted) const { return operate(wanted); }
    int operator()(const restore_command& wanted) const { return operate(wanted); }
    int operator()(const export_command& wanted) const { return operate(wanted); }
    int operator()(const erase_command& wanted) const { return operate(wanted); }
    int operator()(const database_check& wanted) const { return operate(wanted); }
    int operator()(const database_move& wanted) const { return operate(wanted); }
    int operator()(const migrate_command& wanted) const { return operate(wanted); }

    int operator()(const calendar_list& wanted) const { return schedule(wanted); }
    int operator()(const calendar_add& wanted) const { return schedule(wanted); }
    int operator()(const calendar_import& wanted) const { return schedule(wanted); }
    int operator()(const calendar_export& wanted) const { return schedule(wanted); }
    int operator()(const calendar_feed& wanted) const { return schedule(wanted); }

    int operator()(const link_create& wanted) const { return invite(wanted); }
    int operator()(const link_list& wanted) const { return invite(wanted); }
    int operator()(const link_revoke& wanted) const { return invite(wanted); }

    int operator()(const workflow_list& wanted) const { return steer(wanted); }
    int operator()(const workflow_show& wanted) const { return steer(wanted); }
    int operator()(const workflow_command& wanted) const { return steer(wanted); }

    int operator()(const secrets_rotate& wanted) const {
        const operator_context with = about();
        runtime::system_entropy random;
        return static_cast<int>(run(wanted, with, random));
    }

    template <class Command>
    int operator()(const Command& wanted) const {
        const auto accounts = open_accounts(configuration_);
        if (!accounts) return static_cast<int>(complain(at_, accounts.error()));
        const account_context with{.accounts = **accounts,
                                   .at = at_,
                                   .now = runtime::system_clock().now(),
                                   .json = line_.json,
                                   .yes = line_.yes};
        return static_cast<int>(run(wanted, with));
    }

  private:
    [[nodiscard]] operator_context about() const {
        return {.configuration = configuration_,
                .at = at_,
                .now = runtime::system_clock().now(),
                .json = line_.json,
                .yes = line_.yes};
    }

    /// On somebody's calendar.
    template <class Command>
    int schedule(const Command& wanted) const {
        const auto calendar = open_calendar(configuration_);
        if (!calendar) return static_cast<int>(complain(at_, calendar.error()));
        const calendar_context with{.calendar = **calendar, .input = std::cin, .about = about()};
        return static_cast<int>(run(wanted, with));
    }

    /// On somebody's links for guests.
    template <class Command>
    int invite(const Command& wanted) const {
        const auto links = open_links(configuration_);
        if (!links) return static_cast<int>(complain(at_, links.error()));
        const link_context with{.links = **links, .about = about()};
        return static_cast<int>(run(wanted, with));
    }

    /// On workflows.
    template <class Command>
    int steer(const Command& wanted) const {
        const auto workflows = open_workflows(configuration_);
        if (!workflows) return static_cast<int>(complain(at_, workflows.error()));
        const workflow_context with{.workflows = **workflows, .about = about()};
        return static_cast<int>(run(wanted, with));
    }

    /// On the database as a whole.
    template <class Command>
    int operate(const Command& wanted) const {
        if (!configuration_.crash_at.empty()) runtime::arm_crash_point(configuration_.crash_at);
        const operator_context with = about();
        return static_cast<int>(run(wanted, with));
    }

    const command_line& line_;
    const runtime::configuration& configuration_;
    console& at_;
};

int run_command(const command_line& line, const std::map<std::string, std::string>& environment,
                console& at) {
    // Works also where the configuration is what is wrong.
    if (std::holds_alternative<version_command>(line.what)) {
        print_version(at, line.json);
        return 0;
    }
    const auto configuration = runtime::load_configuration(line.config, environment);
    if (!configuration) {
        (void)complain(at, configuration.error());
        return static_cast<int>(exit_code::usage);
    }
    // Only the actors know which tools there are.
    if (const auto tools = offered_tools(*configuration, {}, {}); !tools) {
        (void)complain(at, tools.error());
        return static_cast<int>(exit_code::usage);
    }
    return std::visit(dispatcher(line, *configuration, at), line.what);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment, console& at) {
    try {
        const auto parsed = parse_command_line(arguments);
        if (const auto* exit = std::get_if<early_exit>(&parsed)) {
            at.out() << exit->out;
            at.err() << exit->err;
            return static_cast<int>(exit->code);
        }
        const int code = run_command(std::get<command_line>(parsed), environment, at);
        // A token that nobody received, on a full disk or a closed pipe, is not done.
        if (at.out().flush() || code != 0) return code;
        at.err() << "perin: standard output cannot be written\n";
        return static_cast<int>(exit_code::failed);
    } catch (const std::exception& why) {
        at.err() << "perin: " << why.what() << '\n';
        return static_cast<int>(exit_code::failed);
    }
}

}  // namespace perin::cli
