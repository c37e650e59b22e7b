#include "cli/personal_data_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/database_location.hpp"
#include "cli/open_accounts.hpp"
#include "domain/account_rules.hpp"
#include "domain/text.hpp"
#include "persistence/accounts.hpp"
#include "persistence/migrations.hpp"
#include "persistence/personal_data.hpp"
#include "persistence/snapshot_reading.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <string>

namespace perin::cli {

namespace {

using nlohmann::ordered_json;

failure no_such_user(const std::string& email) {
    return {error_code::not_found, "there is no user " + email};
}

/// The tables are read as this program knows them.
result<int> require_current_schema(persistence::database& on) {
    const auto schema = persistence::schema_version(on);
    if (!schema) return schema.error();
    const int known = persistence::known_migrations().back().number;
    if (*schema == known) return *schema;
    return failure{error_code::conflict,
                   "the schema of the database is at step " + std::to_string(*schema) +
                       ", this program's at " + std::to_string(known) +
                       (*schema < known ? "; run `perin migrate` first" : "")};
}

/// `{"table":"...","row":{...}}`; the row is JSON already.
void print_row(std::ostream& out, std::string_view table, const std::string& row) {
    std::string line = "{\"table\":";
    append_json_string(line, table);
    out << line << ",\"row\":" << row << "}\n";
}

/// Whether the address was typed again; else how to end, which it has said.
std::optional<exit_code> doubt_of_erasing(const operator_context& with, const std::string& email) {
    if (with.yes) return {};
    with.at.err() << "This removes " << email
                  << " and everything that is theirs, for good. Type the address again: "
                  << std::flush;
    const auto typed = with.at.line();
    if (!typed) {
        with.at.err() << "\nperin: nobody is there to be asked; add --yes\n";
        return exit_code::usage;
    }
    const auto address = normalized_email(*typed);
    if (address && *address == email) return {};
    with.at.err() << "perin: that is not the address; nothing was removed\n";
    return exit_code::failed;
}

}  // namespace

exit_code run(const export_command& wanted, const operator_context& with) {
    const auto on = open_existing(location_of(with.configuration));
    if (!on) return complain(with.at, on.error());
    const auto moment = persistence::begin_snapshot(**on);
    if (!moment) return complain(with.at, moment.error());
    const auto schema = require_current_schema(**on);
    if (!schema) return complain(with.at, schema.error());
    const auto user = persistence::account_repository(**on).find_by_email(wanted.email);
    if (!user) return complain(with.at, user.error());
    if (!*user) return complain(with.at, no_such_user(wanted.email));

    auto& out = with.at.out();
    out << ordered_json{{"export", "perin"},
                        {"version", PERIN_VERSION},
                        {"schema", *schema},
                        {"email", wanted.email},
                        {"at", to_rfc3339(with.now)}}
               .dump()
        << '\n';
    std::uint64_t rows = 0;
    const auto exported = persistence::export_personal_data(
        **on, (*user)->id, [&](std::string_view table, const std::string& row) {
            print_row(out, table, row);
            ++rows;
            return out.good();
        });
    if (!exported) return complain(with.at, exported.error());
    // By this line a reader knows that nothing is missing.
    if (out.good()) out << ordered_json{{"end", true}, {"rows", rows}}.dump() << '\n';
    return exit_code::done;
}

exit_code run(const erase_command& wanted, const operator_context& with) {
    const auto accounts = open_accounts(with.configuration);
    if (!accounts) return complain(with.at, accounts.error());
    const auto users = (*accounts)->users();
    if (!users) return complain(with.at, users.error());
    if (std::ranges::find(*users, wanted.email, &user::email) == users->end()) {
        return complain(with.at, no_such_user(wanted.email));
    }
    if (const auto end = doubt_of_erasing(with, wanted.email)) return *end;
    const auto removed = (*accounts)->remove(wanted.email);
    if (!removed) return complain(with.at, removed.error());
    const auto done = say(with, {{"email", wanted.email}}, "erased " + wanted.email);
    note(with, "backups that were made before still hold it");
    return done;
}

}  // namespace perin::cli
