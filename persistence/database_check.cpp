#include "persistence/database_check.hpp"

#include "persistence/columns.hpp"
#include "persistence/database_schema.hpp"
#include "persistence/decode.hpp"
#include "persistence/migrations.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace perin::persistence {

namespace {

/// A check is a query for what must not be: its first column says what it is about.
struct consistency_check {
    std::string_view name;
    std::string_view sql;
    std::string_view detail;
    /// Tables that came with later steps of the schema; without them there is nothing to check.
    std::string_view needs = {};
};

/// The newest version that a stream had: retention may have removed records that a snapshot covers.
/// A conversation that retention removes goes in pieces, its oldest records first; until the last
/// one is gone it has turns, and was deleted when it was last touched.
constexpr std::array checks = {
    consistency_check{
        .name = "journal",
        .sql = "SELECT stream FROM journal GROUP BY stream "
               "HAVING COUNT(*) <> MAX(version) - MIN(version) + 1 OR MIN(version) < 1 "
               "ORDER BY stream LIMIT $1",
        .detail = "its versions have a gap",
    },
    consistency_check{
        .name = "journal",
        .sql = "SELECT j.stream FROM (SELECT stream, MIN(version) AS oldest FROM journal "
               "GROUP BY stream) j WHERE j.oldest > 1 AND NOT EXISTS "
               "(SELECT 1 FROM snapshots s WHERE s.stream = j.stream "
               "AND s.version >= j.oldest - 1) AND j.stream NOT IN "
               "(SELECT 'conversation/' || user_id || '/' || id FROM conversations "
               "WHERE deleted_at = updated_at) ORDER BY j.stream LIMIT $1",
        .detail = "its first records are gone, and no snapshot stands for them",
        .needs = "snapshots",
    },
    consistency_check{
        .name = "turns",
        .sql = "SELECT turn_id FROM (SELECT t.turn_id, t.accepted_version, t.ended_version, "
               "COALESCE((SELECT MAX(j.version) FROM journal j WHERE j.stream = "
               "'conversation/' || t.user_id || '/' || t.conversation_id), 0) AS newest "
               "FROM turns t) known WHERE accepted_version < 1 OR accepted_version > newest "
               "OR ended_version < accepted_version OR ended_version > newest "
               "ORDER BY turn_id LIMIT $1",
        .detail = "its versions are not in its conversation's journal",
    },
    consistency_check{
        .name = "conversations",
        .sql = "SELECT stream FROM (SELECT 'conversation/' || user_id || '/' || id AS stream "
               "FROM conversations WHERE deleted_at IS NULL EXCEPT SELECT stream FROM journal) "
               "lost ORDER BY stream LIMIT $1",
        .detail = "the conversation has no journal",
    },
    consistency_check{
        .name = "conversations",
        .sql = "SELECT stream FROM (SELECT stream FROM journal "
               "WHERE stream >= 'conversation/' AND stream < 'conversation0' "
               "EXCEPT SELECT 'conversation/' || user_id || '/' || id "
               "FROM conversations WHERE deleted_at IS NULL OR (deleted_at = updated_at AND EXISTS "
               "(SELECT 1 FROM turns WHERE turns.user_id = conversations.user_id "
               "AND turns.conversation_id = conversations.id))) left_over ORDER BY stream LIMIT $1",
        .detail = "the journal is of no conversation",
    },
    consistency_check{
        .name = "streams",
        .sql = "SELECT s.stream FROM streams s WHERE s.version <> COALESCE((SELECT MAX(j.version) "
               "FROM journal j WHERE j.stream = s.stream), (SELECT n.version FROM snapshots n "
               "WHERE n.stream = s.stream), 0) ORDER BY s.stream LIMIT $1",
        .detail = "its version is not that of its journal",
        .needs = "streams",
    },
};

std::string text_of(row& from) { return from.take_text(0); }

/// A row of `PRAGMA foreign_key_check`: the table, the row's number, the table that is referred to.
std::string reference_of(row& from) { return from.text(0) + " refers to " + from.text(2); }

failure not_ours() { return {error_code::not_found, "there is no database of Perin's"}; }

void add(std::vector<finding>& to, std::string_view check, std::vector<std::string> subjects,
         std::string_view detail) {
    const bool more = subjects.size() > most_findings;
    if (more) subjects.resize(most_findings);
    for (auto& subject : subjects) {
        to.push_back({std::string(check), std::move(subject), std::string(detail)});
    }
    if (more) to.push_back({std::string(check), "", "there are more of these"});
}

/// What a query found; a file in which it does not come to an end is a finding too.
result<void> look(database& on, std::string_view sql, std::string (*subject)(row&),
                  std::string_view check, std::string_view detail, std::vector<finding>& found) {
    auto subjects = decode_all<std::string>(on.execute(sql), subject);
    if (subjects) {
        add(found, check, std::move(*subjects), detail);
        return {};
    }
    if (subjects.error().code != error_code::internal) return subjects.error();
    found.push_back({std::string(check), "", subjects.error().detail});
    return {};
}

}  // namespace

result<std::vector<finding>> check_storage(database& on) {
    std::vector<finding> found;
    if (std::string_view(on.driver()) != "sqlite") {
        auto indexes = look(on,
                            "SELECT c.relname::text FROM pg_index i "
                            "JOIN pg_class c ON c.oid = i.indexrelid "
                            "JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "WHERE n.nspname = current_schema() AND NOT i.indisvalid "
                            "ORDER BY 1 LIMIT 101",
                            text_of, "storage", "the index is not usable", found);
        if (!indexes) return indexes.error();
        return found;
    }
    auto pages = look(on, "PRAGMA integrity_check(101)", text_of, "storage", "", found);
    if (!pages) return pages.error();
    // What SQLite says is about the file: that is the detail. A file that is whole is `ok`.
    for (auto& one : found) {
        if (one.detail.empty()) std::swap(one.subject, one.detail);
    }
    std::erase_if(found, [](const finding& one) { return one.detail == "ok"; });
    auto references = look(on, "PRAGMA foreign_key_check", reference_of, "references",
                           "what it refers to is not there", found);
    if (!references) return references.error();
    return found;
}

result<void> require_whole_storage(database& on) {
    const auto found = check_storage(on);
    if (!found) return found.error();
    if (found->empty()) return {};
    const auto& first = found->front();
    return failure{error_code::internal, "it is damaged: " + first.subject +
                                             (first.subject.empty() ? "" : ": ") + first.detail};
}

result<std::vector<finding>> check_consistency(database& on) {
    const auto schema = schema_version(on);
    if (!schema) return schema.error();
    if (*schema == 0) return not_ours();
    const auto tables = tables_of(on);
    if (!tables) return tables.error();
    const auto limit = static_cast<std::uint64_t>(most_findings + 1);
    std::vector<finding> found;
    for (const auto& check : checks) {
        const bool there =
            check.needs.empty() ||
            std::ranges::any_of(*tables, [&](const auto& one) { return one.name == check.needs; });
        if (!there) continue;
        auto subjects = decode_all<std::string>(on.execute(check.sql, {column(limit)}), text_of);
        if (!subjects) return subjects.error();
        add(found, check.name, std::move(*subjects), check.detail);
    }
    return found;
}

}  // namespace perin::persistence
