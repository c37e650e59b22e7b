#include "cli/database_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/database_location.hpp"
#include "persistence/database_check.hpp"
#include "persistence/database_copy.hpp"
#include "persistence/migrations.hpp"
#include "persistence/snapshot_reading.hpp"
#include "runtime/crash_point.hpp"

#include <nlohmann/json.hpp>

#include <iterator>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

namespace perin::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using persistence::database_location;

struct check_report {
    int schema = 0;
    std::vector<persistence::finding> findings;
};

result<check_report> report_on(persistence::database& on) {
    const auto moment = persistence::begin_snapshot(on);
    if (!moment) return moment.error();
    auto storage = persistence::check_storage(on);
    if (!storage) return storage.error();
    check_report report{.schema = 0, .findings = std::move(*storage)};
    const auto schema = persistence::schema_version(on);
    if (!schema && !report.findings.empty()) return report;
    if (!schema) return schema.error();
    report.schema = *schema;
    const int known = persistence::known_migrations().back().number;
    if (*schema > known) {
        report.findings.push_back({"schema", "",
                                   "it was made by a newer version of Perin, which has to check "
                                   "the rest: it is at step " +
                                       std::to_string(*schema) + ", this program knows up to " +
                                       std::to_string(known)});
        return report;
    }
    auto consistency = persistence::check_consistency(on);
    // What is damaged need not be readable.
    if (!consistency && !report.findings.empty()) return report;
    if (!consistency) return consistency.error();
    report.findings.insert(report.findings.end(), std::make_move_iterator(consistency->begin()),
                           std::make_move_iterator(consistency->end()));
    return report;
}

json json_of(const check_report& report) {
    auto findings = json::array();
    for (const auto& one : report.findings) {
        findings.push_back(
            {{"check", one.check}, {"subject", one.subject}, {"detail", one.detail}});
    }
    return {{"ok", report.findings.empty()},
            {"schema", report.schema},
            {"findings", std::move(findings)}};
}

std::string text_of(const check_report& report) {
    if (report.findings.empty()) {
        return "the database is whole (schema " + std::to_string(report.schema) + ")";
    }
    std::string text;
    for (const auto& one : report.findings) {
        text += (text.empty() ? "" : "\n") + one.check + ": " + one.subject +
                (one.subject.empty() ? "" : ": ") + one.detail;
    }
    return text;
}

database_location target_of(const database_move& wanted) {
    const bool is_url =
        wanted.to.starts_with("postgresql://") || wanted.to.starts_with("postgres://");
    return is_url ? database_location{.url = wanted.to, .file = ""}
                  : database_location{.url = "", .file = fs::absolute(wanted.to).string()};
}

bool are_the_same(const database_location& a, const database_location& b) {
    if (a.embedded() != b.embedded()) return false;
    if (!a.embedded()) return a.url == b.url;
    std::error_code ignored;
    return fs::weakly_canonical(a.file, ignored) == fs::weakly_canonical(b.file, ignored) ||
           fs::equivalent(a.file, b.file, ignored);
}

failure within(const char* which, const failure& why) {
    return {why.code, std::string(which) + ": " + why.detail};
}

/// The target's connection, its schema made. It must hold nothing before: a schema that somebody
/// else made is none to write into.
result<std::unique_ptr<persistence::database>> open_target(const database_location& at,
                                                           timestamp now) {
    auto opened = persistence::open_database(at);
    if (!opened) return within("the target", opened.error());
    const auto empty = persistence::holds_nothing(**opened);
    if (!empty) return within("the target", empty.error());
    if (!*empty) {
        return failure{error_code::conflict,
                       "the target holds data already, and nothing is written over it"};
    }
    if (auto alone = require_alone(**opened); !alone) return within("the target", alone.error());
    if (auto made = persistence::migrate(**opened, now); !made) {
        return within("the target", made.error());
    }
    return opened;
}

/// What has to be done for the server to use the target.
std::string next_steps(const operator_context& with, const database_location& to) {
    const auto& configuration = with.configuration;
    std::string text = "next: ";
    if (!to.embedded()) {
        text += "set DATABASE_URL to the target";
        if (configuration.secret.empty()) {
            text += ", and PERIN_SECRET_FILE to " + (configuration.data / "secret").string();
        }
    } else {
        const database_location embedded{.url = "", .file = database_file(configuration).string()};
        const bool in_place = are_the_same(to, embedded);
        if (!configuration.database_url.empty()) text += "unset DATABASE_URL";
        if (!configuration.database_url.empty() && !in_place) text += ", ";
        if (!in_place) text += "put the file into PERIN_DATA as perin.db";
    }
    return text + "; the secret must stay the same. The database that was copied is as it was";
}

}  // namespace

exit_code run(const database_check& /*wanted*/, const operator_context& with) {
    const auto on = open_existing(location_of(with.configuration));
    if (!on) return complain(with.at, on.error());
    const auto report = report_on(**on);
    if (!report) return complain(with.at, report.error());
    (void)say(with, json_of(*report), text_of(*report));
    return report->findings.empty() ? exit_code::done : exit_code::failed;
}

exit_code run(const database_move& wanted, const operator_context& with) {
    const auto from = location_of(with.configuration);
    const auto to = target_of(wanted);
    if (are_the_same(from, to)) {
        return complain(with.at,
                        {error_code::invalid_request, "--to is the database that is configured"});
    }
    const auto hold = exclusive_use(with.configuration);
    if (!hold) return complain(with.at, hold.error());
    const auto source = open_existing(from);
    if (!source) return complain(with.at, within("the source", source.error()));
    if (auto alone = require_alone(**source); !alone) {
        return complain(with.at, within("the source", alone.error()));
    }
    const auto schema = persistence::schema_version(**source);
    if (!schema) return complain(with.at, within("the source", schema.error()));
    const int known = persistence::known_migrations().back().number;
    if (*schema != known) {
        return complain(with.at, {error_code::conflict,
                                  "the source: its schema is at step " + std::to_string(*schema) +
                                      ", this program's at " + std::to_string(known) +
                                      (*schema < known ? "; run `perin migrate` first" : "")});
    }
    const auto target = open_target(to, with.now);
    if (!target) return complain(with.at, target.error());
    auto tables = json::array();
    std::uint64_t rows = 0;
    persistence::copy_hooks hooks;
    hooks.copied = [&](const persistence::copied_table& one) {
        runtime::crash_point("move.table");
        tables.push_back({{"name", one.name}, {"rows", one.rows}});
        rows += one.rows;
        if (!with.json) with.at.out() << one.name << "  " << one.rows << '\n' << std::flush;
    };
    // What somebody has begun to write to the source meanwhile would be missing.
    hooks.may_end = [&]() -> result<void> {
        if (auto alone = require_alone(**source); !alone) {
            return within("the source", alone.error());
        }
        return {};
    };
    const auto copied = persistence::copy_database(**source, **target, hooks);
    if (!copied) return complain(with.at, copied.error());
    const auto next = next_steps(with, to);
    return say(with, json{{"tables", std::move(tables)}, {"rows", rows}, {"next", next}},
               "copied and compared " + std::to_string(rows) + " rows\n" + next);
}

}  // namespace perin::cli
