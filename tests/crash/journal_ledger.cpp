#include "tests/crash/journal_ledger.hpp"

#include "persistence/journal.hpp"
#include "persistence/streams.hpp"
#include "tests/crash_appender/appender_words.hpp"

#include <nlohmann/json.hpp>

namespace perin::test {

namespace {

constexpr std::size_t page = 500;

std::string about(std::size_t number, std::uint64_t version, const std::string& why) {
    return stream_name(number) + " at version " + std::to_string(version) + ": " + why;
}

}  // namespace

std::string journal_ledger::look(persistence::database& db,
                                 const std::vector<std::uint64_t>& acknowledged) {
    // One state throughout, while others go on.
    auto state = persistence::transaction::begin(db);
    if (!state) return state.error().detail;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        if (auto why = read_on(db, i); !why.empty()) return why;
        const auto& one = streams_[i];
        if (one.missing != 0) return about(i, one.version, "half a batch");
        if (one.version < acknowledged[i]) return about(i, acknowledged[i], "not there");
        if (!has_row(i)) continue;
        auto row = persistence::stream_repository(db).find(stream_name(i));
        if (!row) return row.error().detail;
        if ((*row ? (*row)->version : 0) != one.version)
            return about(i, one.version, "its row is not in step");
    }
    return {};
}

std::string journal_ledger::read_on(persistence::database& db, std::size_t number) {
    auto& one = streams_[number];
    persistence::journal_repository journal(db);
    for (;;) {
        auto records = journal.read(stream_name(number), one.version, page);
        if (!records) return records.error().detail;
        for (const auto& record : *records) {
            if (record.version != one.version + 1) return about(number, record.version, "a gap");
            one.version = record.version;
            if (!follows(one, record.payload)) return about(number, record.version, "not its turn");
        }
        if (records->size() < page) return {};
    }
}

bool journal_ledger::follows(stream& one, const std::string& payload) {
    const auto record = nlohmann::json::parse(payload);
    const auto run = record.at("run").get<std::uint64_t>();
    const auto batch = record.at("batch").get<std::uint64_t>();
    const auto at = record.at("at").get<std::uint64_t>();
    const auto of = record.at("of").get<std::uint64_t>();
    if (one.missing == 0) {
        auto& newest = one.newest[run];
        if (at != 0 || batch <= newest) return false;
        newest = batch;
        one.run = run;
        one.batch = batch;
        one.records = of;
        one.missing = of;
    }
    if (run != one.run || batch != one.batch || of != one.records) return false;
    if (at != one.records - one.missing) return false;
    --one.missing;
    return true;
}

std::uint64_t journal_ledger::records() const {
    std::uint64_t out = 0;
    for (const auto& one : streams_) out += one.version;
    return out;
}

}  // namespace perin::test
