#include "cli/migrate_command.hpp"

#include "cli/account_commands.hpp"
#include "cli/database_location.hpp"
#include "persistence/migrations.hpp"
#include "runtime/private_file.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>

namespace perin::cli {

namespace {

using nlohmann::json;
using persistence::migration;
using steps = std::span<const migration>;

exit_code report(const operator_context& with, steps ran, bool dry_run) {
    const int newest = persistence::known_migrations().back().number;
    auto list = json::array();
    std::string text;
    for (const migration& step : ran) {
        list.push_back({{"number", step.number}, {"name", step.name}});
        text += dry_run ? "would run step " : "ran step ";
        text += std::to_string(step.number) + " (" + std::string(step.name) + ")\n";
    }
    const bool behind = dry_run && !ran.empty();
    const int at = behind ? ran.front().number - 1 : newest;
    text += "the schema is at step " + std::to_string(at) +
            (behind ? " of " + std::to_string(newest) : ", the newest");
    return say(
        with, {{"schema", at}, {"newest", newest}, {"dryRun", dry_run}, {"steps", std::move(list)}},
        text);
}

result<steps> steps_to_run(const operator_context& with) {
    const auto on = open_existing(location_of(with.configuration));
    if (on) return persistence::missing_migrations(**on);
    if (on.error().code == error_code::not_found) return persistence::known_migrations();
    return on.error();
}

result<steps> run_steps(const operator_context& with) {
    if (auto made = runtime::make_private_folder(with.configuration.data); !made) {
        return made.error();
    }
    const auto hold = shared_use(with.configuration);
    if (!hold) return hold.error();
    const auto on = persistence::open_database(location_of(with.configuration));
    if (!on) return on.error();
    const auto missing = persistence::missing_migrations(**on);
    if (!missing) return missing.error();
    const auto ran = persistence::migrate(**on, with.now);
    if (!ran) return ran.error();
    // Another program may have run the first ones meanwhile.
    return missing->last(static_cast<std::size_t>(*ran));
}

}  // namespace

exit_code run(const migrate_command& wanted, const operator_context& with) {
    const auto ran = wanted.dry_run ? steps_to_run(with) : run_steps(with);
    if (!ran) return complain(with.at, ran.error());
    return report(with, *ran, wanted.dry_run);
}

}  // namespace perin::cli
