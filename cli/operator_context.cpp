#include "cli/operator_context.hpp"

#include "cli/running_server.hpp"
#include "runtime/private_file.hpp"

#include <nlohmann/json.hpp>

#include <ostream>
#include <string_view>
#include <system_error>

namespace perin::cli {

exit_code say(const operator_context& with, const nlohmann::json& answer, const std::string& text) {
    // Names of files need not be UTF-8.
    constexpr auto replace = nlohmann::json::error_handler_t::replace;
    with.at.out() << (with.json ? answer.dump(-1, ' ', false, replace) : text) << '\n';
    return exit_code::done;
}

void note(const operator_context& with, const std::string& text) {
    with.at.err() << "perin: " << text << '\n';
}

std::optional<exit_code> doubt(const operator_context& with, const std::string& question) {
    if (with.yes) return {};
    const auto sure = ask(with.at, question);
    if (!sure) {
        with.at.err() << "\nperin: nobody is there to be asked; add --yes\n";
        return exit_code::usage;
    }
    if (*sure) return {};
    with.at.err() << "perin: nothing was changed\n";
    return exit_code::failed;
}

result<std::unique_ptr<persistence::database>> open_existing(
    const persistence::database_location& at) {
    std::error_code ignored;
    if (at.embedded() && !std::filesystem::exists(at.file, ignored)) {
        return failure{error_code::not_found, "there is no database of Perin's"};
    }
    return persistence::open_database(at, persistence::access_mode::read_only);
}

result<data_hold> exclusive_use(const runtime::configuration& configuration) {
    if (auto made = runtime::make_private_folder(configuration.data); !made) return made.error();
    if (running_server(configuration.data)) {
        return failure{error_code::conflict, "a server runs on this data folder; stop it first"};
    }
    return data_hold::take(configuration.data, hold_mode::exclusive);
}

result<void> require_alone(persistence::database& on) {
    if (std::string_view(on.driver()) == "sqlite") return {};
    // A connection that was closed just now needs a moment to be gone.
    constexpr int looks = 20;
    for (int i = 0; i < looks; ++i) {
        const auto fresh = on.execute("SELECT pg_stat_clear_snapshot()::text");
        if (!fresh) return fresh.error();
        const auto others = on.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name IN ('perin', current_setting('application_name')) "
            "AND pid <> pg_backend_pid()");
        if (!others) return others.error();
        if (others->empty()) return {};
        if (const auto slept = on.execute("SELECT pg_sleep(0.1)::text"); !slept) {
            return slept.error();
        }
    }
    return failure{error_code::conflict,
                   "another program of Perin's is connected to the database; stop every server on "
                   "it first"};
}

}  // namespace perin::cli
