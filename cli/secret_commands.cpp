#include "cli/secret_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/data_hold.hpp"
#include "cli/database_location.hpp"
#include "cli/open_vault.hpp"
#include "cli/run_file.hpp"
#include "cli/running_server.hpp"
#include "persistence/migrations.hpp"
#include "persistence/vault/resealing.hpp"
#include "persistence/vault/sealing_key.hpp"
#include "runtime/crash_point.hpp"
#include "runtime/private_file.hpp"
#include "runtime/secret_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace perin::cli {

namespace {

using persistence::resealing_counts;
using runtime::crash_point;

/// Where the newest secret comes from.
enum class secret_place {
    /// `PERIN_SECRET`.
    configured,
    /// The data folder; this command makes a new one.
    kept,
    /// The same, on the way from `PERIN_SECRET` to the kept one.
    kept_from_configured,
};

secret_place place_of(const runtime::configuration& configuration) {
    if (!configuration.secret.empty()) return secret_place::configured;
    return configuration.secret_previous.empty() ? secret_place::kept
                                                 : secret_place::kept_from_configured;
}

/// `conflict` where the server of this data folder could not read what is sealed again.
result<void> check_server(const runtime::configuration& configuration, persistence::vault& keys) {
    if (!running_server(configuration.data)) return {};
    const auto run = live_run_file(configuration.data);
    if (!run) return {};
    // One that reads the kept secret will read the new one as well.
    const bool fit = place_of(configuration) == secret_place::configured
                         ? std::ranges::find(run->keys, keys.newest()) != run->keys.end()
                         : run->kept_secret;
    if (fit) return {};
    return failure{error_code::conflict,
                   "the running server does not know the secret: start it again with the "
                   "configuration of this command first"};
}

result<std::unique_ptr<persistence::database>> open_data(
    const runtime::configuration& configuration) {
    auto opened = persistence::open_database(location_of(configuration));
    if (!opened) return opened;
    const auto migrated = persistence::migrate(**opened, runtime::system_clock().now());
    if (!migrated) return migrated.error();
    return opened;
}

/// `invalid_request` where what seals now could not be opened: the secrets are not all given.
result<void> check_sealing(persistence::database& on, persistence::vault& keys) {
    const auto sealing = persistence::sealing_key_repository(on, keys.purpose()).find();
    if (!sealing) return sealing.error();
    if (!*sealing || keys.knows((*sealing)->id)) return {};
    return failure{error_code::invalid_request,
                   "the database was sealed with a secret that is not known here: give it as "
                   "PERIN_SECRET_PREVIOUS, or say --lost if nobody has it any more"};
}

/// A busy database, or two who wait for each other, is tried again at once.
result<bool> patient_step(persistence::resealing& all) {
    constexpr int tries = 3;
    auto more = all.step();
    for (int i = 1; i < tries && !more && more.error().code == error_code::unavailable; ++i) {
        more = all.step();
    }
    return more;
}

result<resealing_counts> reseal(persistence::database& on, persistence::vault& keys, bool lost) {
    persistence::resealing all(
        on, keys, lost ? persistence::unopened_values::remove : persistence::unopened_values::keep);
    if (auto begun = all.begin(); !begun) return begun.error();
    crash_point("secrets.begun");
    for (;;) {
        const auto more = patient_step(all);
        if (!more) return more.error();
        if (!*more) return all.counts();
        crash_point("secrets.batch");
    }
}

std::string counted(std::uint64_t count, const std::string& word) {
    return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

/// What was done, in words.
std::string told(const resealing_counts& counts, secret_place place, bool made) {
    std::string text = made ? "made a new secret; " : "";
    text += counted(counts.sealed, "value") + " sealed again";
    if (counts.removed != 0) {
        text += ", " + counted(counts.removed, "value") + " removed that nobody can open";
    }
    if (counts.unopened != 0) return text;
    return text + (place == secret_place::kept ? "; the old secret is gone"
                                               : "; PERIN_SECRET_PREVIOUS is not needed any more");
}

exit_code tell(const operator_context& with, const resealing_counts& counts, bool made) {
    const nlohmann::json answer{{"sealed", counts.sealed},
                                {"removed", counts.removed},
                                {"unopened", counts.unopened},
                                {"madeSecret", made},
                                {"done", counts.unopened == 0}};
    (void)say(with, answer, told(counts, place_of(with.configuration), made));
    if (counts.unopened == 0) return exit_code::done;
    note(with, counted(counts.unopened, "value") +
                   " cannot be opened, and the old secret is kept: give the secret they were "
                   "sealed with as PERIN_SECRET_PREVIOUS, or remove them with --lost");
    return exit_code::failed;
}

}  // namespace

exit_code run(const secrets_rotate& wanted, const operator_context& with,
              runtime::entropy& random) {
    const auto& configuration = with.configuration;
    const auto place = place_of(configuration);
    const auto refuse = [&](const failure& why) { return complain(with.at, why); };
    if (place == secret_place::configured && configuration.secret_previous.empty() &&
        !wanted.lost) {
        return refuse({error_code::invalid_request,
                       "there is nothing to go over to: set PERIN_SECRET to a new secret, and "
                       "PERIN_SECRET_PREVIOUS to the old one"});
    }
    if (wanted.lost) {
        const auto end = doubt(with,
                               "Remove the tokens that no known secret opens? Their users have to "
                               "connect again.");
        if (end) return *end;
    }
    if (auto made = runtime::make_private_folder(configuration.data); !made) {
        return refuse(made.error());
    }
    const auto hold = data_hold::take(configuration.data, hold_mode::shared);
    if (!hold) return refuse(hold.error());
    auto rotation = runtime::secret_rotation::begin(configuration.data);
    if (!rotation) return refuse(rotation.error());
    auto keys = open_vault(configuration, random);
    if (!keys) return refuse(keys.error());
    if (auto fit = check_server(configuration, **keys); !fit) return refuse(fit.error());
    const auto on = open_data(configuration);
    if (!on) return refuse(on.error());
    if (auto fit = check_sealing(**on, **keys); !fit && !wanted.lost) return refuse(fit.error());

    bool fresh = false;
    if (place == secret_place::kept && !wanted.lost) {
        const auto replaced = rotation->replace(random);
        if (!replaced) return refuse(replaced.error());
        fresh = *replaced;
        keys = open_vault(configuration, random);
        if (!keys) return refuse(keys.error());
    }
    const auto counts = reseal(**on, **keys, wanted.lost);
    if (!counts) {
        const auto code = refuse(counts.error());
        note(with, "nothing is lost; once that is mended, run it again and it goes on");
        return code;
    }
    crash_point("secrets.sealed");
    if (place != secret_place::configured && counts->unopened == 0) {
        if (auto finished = rotation->finish(); !finished) return refuse(finished.error());
    }
    return tell(with, *counts, fresh);
}

}  // namespace perin::cli
