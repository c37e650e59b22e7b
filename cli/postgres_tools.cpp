#include "cli/postgres_tools.hpp"

#include "cli/child_process.hpp"
#include "persistence/migrations.hpp"
#include "persistence/postgresql/tool_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace perin::cli {

namespace {

/// More than the table of the schema's steps can be.
constexpr std::size_t longest_step_list = std::size_t{1} << 20U;

/// Drops all that the schema holds, but for what an extension brought: what is there may be of
/// another version, with other tables that refer to those that come. The script that follows makes
/// everything anew. A server that connects later than the drops waits for the end of the
/// transaction at its first look at the schema; one that came before is seen here. A connection
/// that was closed just now needs a moment to be gone.
constexpr std::string_view empty_schema = R"(BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '10s';
DO $perin$
DECLARE one text;
BEGIN
    FOR one IN
        SELECT format('DROP %s IF EXISTS %I.%I CASCADE',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                                     WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                      n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                          AND d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('DROP TYPE IF EXISTS %I.%I CASCADE', n.nspname, t.typname)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = current_schema() AND t.typtype IN ('d', 'e', 'r')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass
                          AND d.objid = t.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %I.%I(%s) CASCADE', n.nspname, p.proname,
                      pg_get_function_identity_arguments(p.oid))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = current_schema()
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                          AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
    LOOP
        EXECUTE one;
    END LOOP;
    FOR i IN 1..20 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
                              WHERE datname = current_database() AND application_name = 'perin'
                                AND pid <> pg_backend_pid());
        IF i = 20 THEN
            RAISE EXCEPTION 'a server of Perin has connected to the database; stop it first';
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$perin$;
)";

failure missing(const failure& why) {
    if (why.code != error_code::not_found) return why;
    return {error_code::not_found, why.detail +
                                       ": it comes with PostgreSQL's programs for clients (Debian: "
                                       "postgresql-client)"};
}

failure tool_failure(std::string_view program, const child_end& end) {
    auto said = end.complaint;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    if (said.empty()) said = "exit code " + std::to_string(end.code);
    return {error_code::internal, std::string(program) + " failed: " + said};
}

/// Messages in English, whatever the operator's language: this program's are.
std::map<std::string, std::string> environment_for(const persistence::tool_connection& to) {
    auto all = to.environment;
    all["LC_ALL"] = "C";
    return all;
}

/// Runs it; anything but success is a failure.
result<void> run_tool(child_call what) {
    what.environment["LC_ALL"] = "C";
    const auto end = run_child(what);
    if (!end) return missing(end.error());
    if (end->code != 0) return tool_failure(what.program, *end);
    return {};
}

/// A schema's name where a pattern is wanted.
std::string exactly(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out += '"';
}

std::string absolute_path(const std::filesystem::path& file) {
    return std::filesystem::absolute(file).string();
}

failure unusable(const std::string& why) {
    return {error_code::conflict, "the backup cannot be used: " + why};
}

std::vector<std::string> split(std::string_view line, std::string_view at) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = line.find(at);
        parts.emplace_back(line.substr(0, end));
        if (end == std::string_view::npos) return parts;
        line.remove_prefix(end + at.size());
    }
}

/// Number and name of each step, from what pg_restore makes of the table `migrations`: rows, in any
/// order, between `COPY schema.migrations (number, name, ...) FROM stdin;` and `\.`, their columns
/// apart by tabs.
std::map<int, std::string> steps_in(const std::string& script) {
    std::map<int, std::string> steps;
    std::optional<std::vector<std::string>> columns;
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);) {
        if (!columns) {
            const auto open = line.find(" (");
            const auto close = line.find(") FROM stdin;");
            if (!line.starts_with("COPY ") || close == std::string::npos) continue;
            columns = split(std::string_view(line).substr(open + 2, close - open - 2), ", ");
            continue;
        }
        if (line == "\\.") break;
        const auto fields = split(line, "\t");
        const auto field = [&](const char* name) -> std::string {
            const auto at = std::ranges::find(*columns, name) - columns->begin();
            return static_cast<std::size_t>(at) < fields.size()
                       ? fields[static_cast<std::size_t>(at)]
                       : "";
        };
        const auto text = field("number");
        int number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        steps[number] = field("name");
    }
    return steps;
}

/// The last of the steps, if they are the first ones that this program knows.
result<int> step_of(const std::map<int, std::string>& steps) {
    const auto known = persistence::known_migrations();
    const int last = steps.empty() ? 0 : steps.rbegin()->first;
    if (last < 1) return unusable("it holds no database of Perin's");
    if (last > known.back().number) {
        return unusable("it is of a newer version of Perin (its schema is at step " +
                        std::to_string(last) + ", this program knows up to " +
                        std::to_string(known.back().number) + ")");
    }
    for (const auto& step : known.first(static_cast<std::size_t>(last))) {
        const auto found = steps.find(step.number);
        if (found != steps.end() && found->second == step.name) continue;
        return unusable("step " + std::to_string(step.number) + " of its schema is not ours");
    }
    return last;
}

/// A pipe whose reader may be gone: writing then fails, and does not end this program.
class script_pipe {
  public:
    script_pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &ignore, &before_);
    }
    script_pipe(const script_pipe&) = delete;
    script_pipe& operator=(const script_pipe&) = delete;
    ~script_pipe() {
        close_reader();
        close_writer();
        ::sigaction(SIGPIPE, &before_, nullptr);
    }

    [[nodiscard]] bool is_open() const noexcept { return ends_[0] >= 0; }
    [[nodiscard]] int reader() const noexcept { return ends_[0]; }
    [[nodiscard]] int writer() const noexcept { return ends_[1]; }
    void close_reader() { close(ends_[0]); }
    void close_writer() { close(ends_[1]); }

    [[nodiscard]] bool write(std::string_view text) const {
        while (!text.empty()) {
            const auto count = ::write(ends_[1], text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

  private:
    static void close(int& end) {
        if (end >= 0) ::close(std::exchange(end, -1));
    }

    std::array<int, 2> ends_{};
    struct sigaction before_ {};
};

}  // namespace

result<void> dump_postgres(const postgres_place& from, const std::filesystem::path& file) {
    const auto to = persistence::tool_connection_of(from.url);
    if (!to) return to.error();
    return run_tool({.program = "pg_dump",
                     .arguments = {"--format=custom", "--no-owner", "--no-privileges",
                                   "--no-password", "--schema=" + exactly(from.schema),
                                   "--file=" + absolute_path(file), "--dbname=" + to->text},
                     .environment = to->environment});
}

result<void> require_whole_dump(const std::filesystem::path& file) {
    auto read =
        run_tool({.program = "pg_restore", .arguments = {"--file=/dev/null", absolute_path(file)}});
    if (read || read.error().code == error_code::not_found) return read;
    return unusable("it is damaged: " + read.error().detail);
}

result<int> inspect_dump(const std::filesystem::path& file, const std::string& schema) {
    if (auto whole = require_whole_dump(file); !whole) return whole.error();
    const auto path = absolute_path(file);
    const memory_file steps;
    const auto listed = run_tool(
        {.program = "pg_restore",
         .arguments = {"--data-only", "--schema=" + schema, "--table=migrations", "--file=-", path},
         .output = steps.descriptor()});
    if (!listed) return listed.error();
    return step_of(steps_in(steps.content(longest_step_list)));
}

result<void> restore_postgres(const postgres_place& to, const std::filesystem::path& file,
                              const std::function<void()>& before_end) {
    const auto connection = persistence::tool_connection_of(to.url);
    if (!connection) return connection.error();
    script_pipe script;
    if (!script.is_open()) return failure{error_code::internal, "the system gives no more files"};
    // psql and not pg_restore's own connection: that one takes no statements of ours into its
    // transaction. A script that ends early has no COMMIT, and so changes nothing.
    auto runs = child_process::start(
        {.program = "psql",
         .arguments = {"--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
                       "--file=-", "--dbname=" + connection->text},
         .environment = environment_for(*connection),
         .input = script.reader()});
    script.close_reader();
    if (!runs) return missing(runs.error());
    result<void> sent;
    if (script.write(empty_schema)) {
        sent = run_tool({.program = "pg_restore",
                         .arguments = {"--no-owner", "--no-privileges", "--no-comments",
                                       "--schema=" + to.schema, "--file=-", absolute_path(file)},
                         .output = script.writer()});
        if (sent && before_end) before_end();
        if (sent) (void)script.write("COMMIT;\n");
    }
    script.close_writer();
    const auto end = runs->wait();
    // Whoever reads the script knows more than whoever could not write it to the end.
    if (end.code != 0) return tool_failure("psql", end);
    return sent;
}

}  // namespace perin::cli
