#include "persistence/snapshots.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/journal.hpp"

namespace perin::persistence {

namespace {

/// Somebody would have to write a snapshot and prune that often between two reads.
constexpr int most_tries = 5;

stream_snapshot snapshot_of(row& from) {
    return {.version = number_column(from, 0),
            .payload = from.take_text(1),
            .at = time_column(from, 2)};
}

}  // namespace

result<bool> snapshot_repository::write(const std::string& stream, const stream_snapshot& fresh) {
    // Where there is no such record the version is NULL, which the table refuses.
    const auto written = on_.execute(
        "INSERT INTO snapshots (stream, version, payload, at) VALUES ($1, "
        "(SELECT version FROM journal WHERE stream = $1 AND version = $2), $3, $4) "
        "ON CONFLICT (stream) DO UPDATE SET version = excluded.version, "
        "payload = excluded.payload, at = excluded.at WHERE excluded.version > snapshots.version",
        {stream, column(fresh.version), fresh.payload, column(fresh.at)});
    if (written) return on_.changed() > 0;
    if (written.error().code != error_code::conflict) return written.error();
    return failure{error_code::conflict, "the journal has no such version"};
}

result<std::optional<stream_snapshot>> snapshot_repository::find(const std::string& stream) {
    return decode_first<stream_snapshot>(
        on_.execute("SELECT version, payload, at FROM snapshots WHERE stream = $1", {stream}),
        snapshot_of);
}

result<loaded_stream> snapshot_repository::load(const std::string& stream, std::size_t limit) {
    for (int i = 0; i < most_tries; ++i) {
        auto snapshot = find(stream);
        if (!snapshot) return snapshot.error();
        const std::uint64_t covered = *snapshot ? (*snapshot)->version : 0;
        auto records = journal_repository(on_).read(stream, covered, limit);
        if (!records) return records.error();
        // A gap: a newer snapshot came in between, and what it covers went.
        if (!records->empty() && records->front().version != covered + 1) continue;
        return loaded_stream{std::move(*snapshot), std::move(*records)};
    }
    return failure{error_code::internal, "the journal lacks records that no snapshot covers"};
}

result<std::size_t> snapshot_repository::prune(const std::string& stream,
                                               std::uint64_t up_to_version) {
    return touched(on_,
                   on_.execute("DELETE FROM journal WHERE stream = $1 AND version <= $2 "
                               "AND version <= (SELECT version FROM snapshots WHERE stream = $1) "
                               "AND version < (SELECT MAX(version) FROM journal WHERE stream = $1)",
                               {stream, column(up_to_version)}));
}

}  // namespace perin::persistence
