#include "persistence/journal.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

constexpr std::string_view insert_record =
    "INSERT INTO journal (stream, version, kind, payload, at) VALUES ($1, $2, $3, $4, $5)";

/// Only behind the version before it: a stream has no gap, and one that was removed does not come
/// back by a late writer. Where that version is missing the new one is NULL, which the table
/// refuses; a SELECT as the source of the rows would cost SQLite a temporary table.
constexpr std::string_view insert_next_record =
    "INSERT INTO journal (stream, version, kind, payload, at) VALUES ($1, "
    "(SELECT version + 1 FROM journal WHERE stream = $1 AND version = $2), $3, $4, $5)";

failure moved_on() {
    return {error_code::conflict, "the journal is not at the version that was expected"};
}

journal_record record_of(row& from) {
    return {.version = number_column(from, 0),
            .kind = from.take_text(1),
            .payload = from.take_text(2),
            .at = time_column(from, 3)};
}

std::uint64_t version_of(row& from) { return number_column(from, 0); }

}  // namespace

result<void> journal_repository::append(const std::string& stream, std::uint64_t expected_version,
                                        std::span<const journal_record> records) {
    std::uint64_t version = expected_version;
    for (const journal_record& record : records) {
        const bool checked = version == expected_version && version > 0;
        const std::uint64_t before = version++;
        const auto written = on_.execute(checked ? insert_next_record : insert_record,
                                         {stream, column(checked ? before : version), record.kind,
                                          record.payload, column(record.at)});
        if (written) continue;
        return written.error().code == error_code::conflict ? moved_on() : written.error();
    }
    return {};
}

result<std::vector<journal_record>> journal_repository::read(const std::string& stream,
                                                             std::uint64_t after_version,
                                                             std::size_t limit) {
    return decode_all<journal_record>(
        on_.execute("SELECT version, kind, payload, at FROM journal "
                    "WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3",
                    {stream, column(after_version), column(limit)}),
        record_of);
}

result<std::vector<journal_record>> journal_repository::read_back(const std::string& stream,
                                                                  std::uint64_t before_version,
                                                                  std::size_t limit) {
    return decode_all<journal_record>(
        on_.execute("SELECT version, kind, payload, at FROM journal "
                    "WHERE stream = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
                    {stream, column(before_version), column(limit)}),
        record_of);
}

result<std::uint64_t> journal_repository::version(const std::string& stream) {
    return decode_only<std::uint64_t>(
        on_.execute("SELECT COALESCE(MAX(version), 0) FROM journal WHERE stream = $1", {stream}),
        version_of);
}

result<void> journal_repository::remove(const std::string& stream) {
    return done(on_.execute("DELETE FROM journal WHERE stream = $1", {stream}));
}

}  // namespace perin::persistence
