#include "cli/command_line.hpp"

#include "domain/account_rules.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <sstream>

namespace perin::cli {

namespace {

constexpr auto footer =
    "Exit codes: 0 done; 1 failed (port in use, user exists, no such user);\n"
    "2 bad usage or configuration; 3 the server or the database cannot be reached;\n"
    "4 refused. Every command takes --config FILE, --json and --yes. Commands on data go\n"
    "through a running server, else to the database.";

/// The tree of commands, with what they asked for as it is filled in.
class command_tree {
  public:
    command_tree() {
        app_.fallthrough();
        app_.require_subcommand(1);
        app_.footer(footer);
        app_.set_version_flag("--version", "perin " PERIN_VERSION);
        app_.add_option("--config", line_.config, "Configuration file")->type_name("FILE");
        app_.add_flag("--json", line_.json, "Print JSON");
        app_.add_flag("-y,--yes", line_.yes, "Do not ask before something is destroyed");
        add(app_, "serve", "Run the server", serve_);
        add_chat();
        add_users();
        add_tokens();
        add_calendars();
        add_links();
        add_workflows();
        add_data();
        add_secrets();
        auto* config = group("config", "The configuration");
        add(*config, "show", "Print what holds, and where it comes from", config_show_);
        add(*config, "check", "Say what is wrong with it, if anything", config_check_);
        add(app_, "version", "Print the version", version_);
    }

    std::variant<command_line, early_exit> parse(std::vector<std::string> arguments) {
        // CLI11 wants them from the last to the first.
        std::ranges::reverse(arguments);
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ParseError& why) {
            std::ostringstream out;
            std::ostringstream err;
            const bool help = app_.exit(why, out, err) == 0;
            return early_exit{help ? exit_code::done : exit_code::usage, out.str(), err.str()};
        }
        for (auto* email : emails_) {
            if (email->empty()) continue;
            auto normalized = normalized_email(*email);
            if (!normalized) {
                return early_exit{
                    exit_code::usage, {}, "perin: EMAIL: " + normalized.error().detail + "\n"};
            }
            *email = std::move(*normalized);
        }
        if (!user_.empty()) chat_.user = user_;
        line_.what = asked_();
        return line_;
    }

  private:
    CLI::App* group(const std::string& name, const std::string& help) {
        return app_.add_subcommand(name, help)->require_subcommand(1);
    }

    template <class Command>
    CLI::App* add(CLI::App& above, const std::string& name, const std::string& help,
                  Command& target) {
        auto* sub = above.add_subcommand(name, help);
        sub->callback([this, &target] { asked_ = [&target] { return command(target); }; });
        return sub;
    }

    void add_email(CLI::App& to, std::string& target) {
        to.add_option("EMAIL", target, "The user's e-mail")->required()->type_name("");
        emails_.push_back(&target);
    }

    void add_chat() {
        auto* chat = add(app_, "chat", "Talk with Perin", chat_);
        chat->add_option("-m,--message", chat_.message, "One turn with this text, then end")
            ->type_name("TEXT");
        auto* conversation = chat->add_option("--conversation", chat_.conversation,
                                              "Conversation to go on with, or to begin")
                                 ->type_name("ID");
        chat->add_flag("--resume", chat_.resume, "Go on with the newest conversation")
            ->excludes(conversation);
        auto* user = chat->add_option("--user", user_, "Local user; needed where there are several")
                         ->type_name("EMAIL");
        auto* url = chat->add_option("--url", chat_.url, "Server elsewhere")->type_name("URL");
        auto* token = chat->add_option("--token", chat_.token, "Token for it")->type_name("TOKEN");
        url->needs(token)->excludes(user);
        token->needs(url)->excludes(user);
        emails_.push_back(&user_);
    }

    void add_users() {
        auto* users = group("user", "Users");
        auto* fresh =
            add(*users, "add", "Add a user; the password is a line of standard input", user_add_);
        add_email(*fresh, user_add_.email);
        fresh->add_option("--name", user_add_.name, "Name; else what stands before the @");
        fresh->add_option("--timezone", user_add_.timezone, "IANA time zone")
            ->capture_default_str();
        fresh->add_flag("--admin", user_add_.admin, "May administer");
        add(*users, "list", "List the users", user_list_);
        add_email(
            *add(*users, "passwd", "Set a password; it is a line of standard input", user_passwd_),
            user_passwd_.email);
        add_email(*add(*users, "remove", "Remove a user and all that is theirs", user_remove_),
                  user_remove_.email);
    }

    void add_tokens() {
        auto* tokens = group("token", "API tokens");
        auto* fresh = add(*tokens, "create", "Create a token and print it", token_create_);
        add_email(*fresh, token_create_.email);
        fresh->add_option("--label", token_create_.label, "What it is for");
        fresh->add_option("--expires", token_create_.expires, "90d, 12h, ..., or never")
            ->capture_default_str();
        add_email(*add(*tokens, "list", "List a user's tokens", token_list_), token_list_.email);
        add(*tokens, "revoke", "Revoke a token", token_revoke_)
            ->add_option("ID", token_revoke_.id, "Its id, of `token list`")
            ->required()
            ->type_name("");
    }

    static void add_text(CLI::App& to, const std::string& name, auto& target,
                         const std::string& type, const std::string& help) {
        to.add_option(name, target, help)->type_name(type);
    }

    void add_calendars() {
        auto* calendars = group("calendar", "Calendars; a time T is RFC 3339, a date, or words");
        auto* list = add(*calendars, "list", "List what takes place", calendar_list_);
        add_email(*list, calendar_list_.email);
        add_text(*list, "--from", calendar_list_.from, "T", "From when; else now");
        add_text(*list, "--to", calendar_list_.to, "T", "Until when; else for a week");
        auto* fresh = add(*calendars, "add", "Add an event", calendar_add_);
        add_email(*fresh, calendar_add_.email);
        fresh->add_option("--title", calendar_add_.title, "What it is")
            ->required()
            ->type_name("TEXT");
        fresh->add_option("--start", calendar_add_.start, "When it begins")
            ->required()
            ->type_name("T");
        add_text(*fresh, "--end", calendar_add_.end, "T",
                 "When it ends; else after an hour, or the day");
        fresh->add_flag("--all-day", calendar_add_.all_day, "Whole days");
        add_text(*fresh, "--location", calendar_add_.location, "TEXT", "Where");
        add_text(*fresh, "--description", calendar_add_.description, "TEXT", "Notes");
        add_text(*fresh, "--repeat", calendar_add_.repeat, "RRULE",
                 "Again and again, such as FREQ=WEEKLY;COUNT=10");
        fresh->add_flag("--overlap", calendar_add_.overlap, "Also where something else is");
        auto* taken_in =
            add(*calendars, "import", "Take over the events of a file", calendar_import_);
        add_email(*taken_in, calendar_import_.email);
        add_file(*taken_in, calendar_import_.file, "An .ics file; - is standard input");
        auto* given = add(*calendars, "export", "Write all events as .ics", calendar_export_);
        add_email(*given, calendar_export_.email);
        given->add_option("FILE", calendar_export_.file, "File to be written; else standard output")
            ->type_name("")
            ->check(name_is_there);
        auto* feed = add(*calendars, "feed", "Print a secret address to read it at, made anew",
                         calendar_feed_);
        add_email(*feed, calendar_feed_.email);
        feed->add_flag("--revoke", calendar_feed_.revoke, "End the address instead");
    }

    void add_links() {
        auto* links = group("link", "Links by which people outside book a time");
        auto* fresh = add(*links, "create", "Make a link and print its address", link_create_);
        add_email(*fresh, link_create_.email);
        fresh->add_option("--title", link_create_.title, "What it is for")
            ->required()
            ->type_name("TEXT");
        fresh->add_option("--duration", link_create_.duration, "Minutes, such as 30 or 30,60")
            ->required()
            ->type_name("MINUTES");
        add_text(*fresh, "--timezone", link_create_.timezone, "ZONE", "IANA; else the user's");
        add_text(*fresh, "--from", link_create_.from, "DATE", "First day; else today");
        add_text(*fresh, "--to", link_create_.to, "DATE", "Last day; else after 14 days");
        add_text(*fresh, "--expires", link_create_.expires, "T", "Until when; else 7 days");
        fresh->add_flag("--approval", link_create_.approval, "Decide on each booking");
        add_text(*fresh, "--max-bookings", link_create_.most_bookings, "N", "Else 1");
        add_text(*fresh, "--max-per-day", link_create_.most_a_day, "N", "Else as many as fit");
        add_text(*fresh, "--notice", link_create_.notice, "MINUTES", "Before a meeting; else 120");
        add_text(*fresh, "--buffer-before", link_create_.before, "MINUTES", "Else 0");
        add_text(*fresh, "--buffer-after", link_create_.after, "MINUTES", "Else 0");
        add_text(*fresh, "--step", link_create_.step, "MINUTES", "Between beginnings; else 30");
        add_email(*add(*links, "list", "List a user's links", link_list_), link_list_.email);
        auto* revoke = add(*links, "revoke", "Close a link", link_revoke_);
        add_email(*revoke, link_revoke_.email);
        revoke->add_option("ID", link_revoke_.id, "Its id, of `link list`")
            ->required()
            ->type_name("");
    }

    void add_workflows() {
        auto* workflows = group("workflow", "Work of several steps that outlives the server");
        auto* list = add(*workflows, "list", "List them, of all users", workflow_list_);
        add_text(*list, "--status", workflow_list_.status, "STATUS",
                 "running, waiting, paused, completed, failed or cancelled");
        auto* show = add(*workflows, "show", "Draw the steps of one", workflow_show_);
        add_workflow_id(*show, workflow_show_.id);
        constexpr std::array<std::pair<const char*, const char*>, 6> verbs = {{
            {"pause", "Begin nothing more for now"},
            {"resume", "Go on with a paused one"},
            {"retry", "Try a failed step again"},
            {"cancel", "End it and undo what it did"},
            {"skip", "Leave a step out that is not required"},
            {"answer", "Answer a step that waits"},
        }};
        for (std::size_t i = 0; i < verbs.size(); ++i) {
            auto& target = workflow_commands_.at(i);
            target.verb = verbs.at(i).first;
            auto* command = add(*workflows, verbs.at(i).first, verbs.at(i).second, target);
            add_workflow_id(*command, target.id);
            if (i < 2 || i == 3) continue;
            auto* step = command->add_option("STEP", target.step, "Its id, of `workflow show`");
            step->type_name("");
            if (i > 3) step->required();
            if (i == 5)
                command
                    ->add_option("JSON", target.answer, "The answer, such as {\"approved\":true}")
                    ->required()
                    ->type_name("");
        }
    }

    static void add_workflow_id(CLI::App& to, std::string& id) {
        to.add_option("ID", id, "Its id, of `workflow list`")->required()->type_name("");
    }

    static std::string name_is_there(const std::string& name) {
        return name.empty() ? "a name is missing" : "";
    }

    void add_file(CLI::App& to, std::string& target, const std::string& help) {
        to.add_option("FILE", target, help)->required()->type_name("")->check(name_is_there);
    }

    void add_data() {
        add_file(
            *add(app_, "backup", "Write all data to a file, also beside a running server", backup_),
            backup_.file, "File to be written");
        add_file(*add(app_, "restore", "Replace all data by those of a backup", restore_),
                 restore_.file, "A file of `perin backup`");
        add_email(*add(app_, "export", "Print everything that is kept of a user", export_),
                  export_.email);
        add_email(*add(app_, "erase", "Remove everything that is kept of a user", erase_),
                  erase_.email);
        add(app_, "migrate", "Bring the schema of the database up to date", migrate_)
            ->add_flag("--dry-run", migrate_.dry_run, "Say what would run, and run nothing");
        auto* database = group("db", "The database");
        add(*database, "check", "Say what is wrong with it, if anything", database_check_);
        add(*database, "move", "Copy all data to another, empty database", database_move_)
            ->add_option("--to", database_move_.to, "postgresql://..., or the file of SQLite's")
            ->required()
            ->type_name("URL|FILE")
            ->check(name_is_there);
    }

    void add_secrets() {
        auto* secrets = group("secrets", "The secret from which keys are derived");
        auto* rotate = add(*secrets, "rotate", "Replace the secret, and seal what it sealed again",
                           secrets_rotate_);
        rotate->add_flag("--lost", secrets_rotate_.lost,
                         "The old secret is lost: remove what cannot be opened");
    }

    CLI::App app_{"Perin, a self-hosted assistant", "perin"};
    command_line line_;
    std::function<command()> asked_;
    std::vector<std::string*> emails_;

    serve_command serve_;
    chat_options chat_;
    std::string user_;
    user_add user_add_;
    user_list user_list_;
    user_passwd user_passwd_;
    user_remove user_remove_;
    token_create token_create_;
    token_list token_list_;
    token_revoke token_revoke_;
    calendar_list calendar_list_;
    calendar_add calendar_add_;
    calendar_import calendar_import_;
    calendar_export calendar_export_;
    calendar_feed calendar_feed_;
    link_create link_create_;
    link_list link_list_;
    link_revoke link_revoke_;
    workflow_list workflow_list_;
    workflow_show workflow_show_;
    std::array<workflow_command, 6> workflow_commands_;
    backup_command backup_;
    restore_command restore_;
    export_command export_;
    erase_command erase_;
    database_check database_check_;
    migrate_command migrate_;
    database_move database_move_;
    secrets_rotate secrets_rotate_;
    config_show config_show_;
    config_check config_check_;
    version_command version_;
};

}  // namespace

std::variant<command_line, early_exit> parse_command_line(
    const std::vector<std::string>& arguments) {
    return command_tree().parse(arguments);
}

}  // namespace perin::cli
