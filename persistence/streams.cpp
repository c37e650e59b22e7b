#include "persistence/streams.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/rows_statement.hpp"

#include <array>

namespace perin::persistence {

namespace {

stream_row stream_of(row& from) {
    return {.stream = from.take_text(0),
            .what = {.kind = from.take_text(1),
                     .user_id = from.take_text(2),
                     .state = from.take_text(3),
                     .summary = from.take_text(4),
                     .tells = from.integer(9) != 0},
            .version = number_column(from, 5),
            .created_at = time_column(from, 6),
            .updated_at = time_column(from, 7),
            .told = number_column(from, 8)};
}

failure moved_on() {
    return {error_code::conflict, "the stream is not at the version that was expected"};
}

const rows_statement& begin_all() {
    static constexpr std::array<std::string_view, 8> types = {"TEXT", "TEXT",   "TEXT",   "TEXT",
                                                              "TEXT", "BIGINT", "BIGINT", "BIGINT"};
    static const rows_statement all(
        "INSERT INTO streams (stream, kind, user_id, state, summary, version, created_at, "
        "updated_at, tells) SELECT column1, column2, column3, column4, column5, column6, column7, "
        "column7, column8 FROM (",
        types, ") AS fresh");
    return all;
}

const rows_statement& go_on_all() {
    static constexpr std::array<std::string_view, 6> types = {"TEXT", "BIGINT", "BIGINT",
                                                              "TEXT", "TEXT",   "BIGINT"};
    static const rows_statement all(
        "UPDATE streams SET version = column3, state = column4, summary = column5, "
        "updated_at = column6 FROM (",
        types, ") AS fresh WHERE stream = column1 AND version = column2");
    return all;
}

}  // namespace

result<std::optional<stream_row>> stream_repository::find(const std::string& stream) {
    return decode_first<stream_row>(
        on_.execute("SELECT stream, kind, user_id, state, summary, version, created_at, "
                    "updated_at, told, tells FROM streams WHERE stream = $1",
                    {stream}),
        stream_of);
}

result<std::vector<stream_row>> stream_repository::in_state(const std::string& kind,
                                                            const std::string& state,
                                                            std::size_t limit,
                                                            const std::string& after_stream) {
    return decode_all<stream_row>(
        on_.execute(
            "SELECT stream, kind, user_id, state, summary, version, created_at, "
            "updated_at, told, tells FROM streams WHERE kind = $1 AND state = $2 AND stream > $3 "
            "ORDER BY stream LIMIT $4",
            {kind, state, after_stream, column(limit)}),
        stream_of);
}

result<std::vector<stream_row>> stream_repository::untold(const std::string& kind,
                                                          std::size_t limit,
                                                          const std::string& after_stream) {
    return decode_all<stream_row>(
        on_.execute("SELECT stream, kind, user_id, state, summary, version, created_at, "
                    "updated_at, told, tells FROM streams WHERE kind = $1 AND stream > $2 "
                    "AND tells = 1 AND told < version ORDER BY stream LIMIT $3",
                    {kind, after_stream, column(limit)}),
        stream_of);
}

result<std::vector<stream_row>> stream_repository::list(const std::string& kind,
                                                        const std::string& user_id,
                                                        const std::string& state, std::size_t limit,
                                                        const stream_position& after) {
    // What is asked for is in the text, so that each goes by the index that is for it.
    std::string text =
        "SELECT stream, kind, user_id, state, summary, version, created_at, updated_at, told, "
        "tells FROM streams WHERE kind = $1 AND (created_at, stream) < ($2, $3)";
    std::vector<value> with{kind, column(after.created_at), after.stream, column(limit)};
    const auto only = [&](const char* name, const std::string& wanted) {
        if (wanted.empty()) return;
        with.emplace_back(wanted);
        text.append(" AND ").append(name).append(" = $").append(std::to_string(with.size()));
    };
    only("user_id", user_id);
    only("state", state);
    text += " ORDER BY created_at DESC, stream DESC LIMIT $4";
    return decode_all<stream_row>(on_.execute(text, with), stream_of);
}

result<void> stream_repository::tell(const std::string& stream, std::uint64_t after,
                                     std::uint64_t version) {
    return done_or(on_,
                   on_.execute("UPDATE streams SET told = $3 WHERE stream = $1 AND told = $2",
                               {stream, column(after), column(version)}),
                   failure{error_code::conflict, "these events were told before"});
}

result<void> stream_repository::move_one(const stream_move& each) {
    const std::string stream(each.stream);
    if (each.from == 0) {
        return done(on_.execute(
            "INSERT INTO streams (stream, kind, user_id, state, summary, version, created_at, "
            "updated_at, tells) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
            {stream, each.what->kind, each.what->user_id, each.what->state, each.what->summary,
             column(each.to), column(each.at), column(each.what->tells)}));
    }
    return done_or(
        on_,
        on_.execute("UPDATE streams SET version = $3, state = $4, summary = $5, updated_at = $6 "
                    "WHERE stream = $1 AND version = $2",
                    {stream, column(each.from), column(each.to), each.what->state,
                     each.what->summary, column(each.at)}),
        moved_on());
}

result<void> stream_repository::move(std::span<const stream_move> moves) {
    // As for the records: one by one where a statement is a function call (`journal.cpp`).
    if (moves.size() == 1 || std::string_view(on_.driver()) == "sqlite") {
        for (const stream_move& each : moves) {
            if (auto moved = move_one(each); !moved) return moved;
        }
        return {};
    }
    std::vector<value> begun;
    std::vector<value> gone_on;
    std::size_t expected = 0;
    for (const auto& [stream, from, to, what, at] : moves) {
        if (from == 0) {
            begun.insert(begun.end(), {std::string(stream), what->kind, what->user_id, what->state,
                                       what->summary, column(to), column(at), column(what->tells)});
        } else {
            ++expected;
            gone_on.insert(gone_on.end(), {std::string(stream), column(from), column(to),
                                           what->state, what->summary, column(at)});
        }
    }
    if (auto written = begin_all().run(on_, begun); !written) return written.error();
    const auto written = go_on_all().run(on_, gone_on);
    if (!written) return written.error();
    if (*written != expected) return moved_on();
    return {};
}

}  // namespace perin::persistence
