#include "persistence/conversations.hpp"

#include "persistence/columns.hpp"
#include "persistence/decode.hpp"
#include "persistence/time_list.hpp"

#include <utility>

namespace perin::persistence {

namespace {

conversation_summary summary_of(row& from) {
    return {.id = from.take_text(0),
            .title = from.take_text(1),
            .created_at = time_column(from, 2),
            .updated_at = time_column(from, 3),
            .last_seq = number_column(from, 4)};
}

conversation_row conversation_of(row& from) {
    conversation_row found{.user_id = from.take_text(6), .summary = summary_of(from)};
    found.deleted = !from.is_null(5);
    found.delegation_id = optional_text_column(from, 7).value_or("");
    return found;
}

turn_row turn_of(row& from) {
    turn_row found{.turn_id = from.take_text(0),
                   .user_id = from.take_text(1),
                   .conversation_id = from.take_text(2),
                   .accepted_version = number_column(from, 3),
                   .user_message_id = from.take_text(5),
                   .assistant_message_id = from.take_text(6)};
    if (!from.is_null(4)) found.ended_version = number_column(from, 4);
    return found;
}

failure no_such_conversation() { return {error_code::not_found, "there is no such conversation"}; }

}  // namespace

std::string conversation_stream(std::string_view user_id, std::string_view conversation_id) {
    std::string stream = "conversation/";
    stream.append(user_id).append("/").append(conversation_id);
    return stream;
}

result<std::optional<conversation_row>> conversation_repository::find(
    const std::string& user_id, const std::string& conversation_id) {
    return decode_first<conversation_row>(
        on_.execute("SELECT id, title, created_at, updated_at, last_seq, deleted_at, user_id, "
                    "delegation_id FROM conversations WHERE user_id = $1 AND id = $2",
                    {user_id, conversation_id}),
        conversation_of);
}

result<void> conversation_repository::begin(const conversation_row& fresh) {
    const conversation_summary& summary = fresh.summary;
    return done(on_.execute(
        "INSERT INTO conversations (user_id, id, title, created_at, updated_at, last_seq, "
        "delegation_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {fresh.user_id, summary.id, summary.title, column(summary.created_at),
         column(summary.updated_at), column(summary.last_seq),
         fresh.delegation_id.empty() ? value{} : value{fresh.delegation_id}}));
}

result<void> conversation_repository::touch(const std::string& user_id,
                                            const std::string& conversation_id,
                                            timestamp updated_at, std::uint64_t last_seq) {
    return done_or(on_,
                   on_.execute("UPDATE conversations SET updated_at = $3, last_seq = $4 "
                               "WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL ",
                               {user_id, conversation_id, column(updated_at), column(last_seq)}),
                   no_such_conversation());
}

result<page<conversation_summary>> conversation_repository::list(
    const std::string& user_id, std::size_t limit, const std::optional<std::string>& cursor) {
    const auto from = begin_page(limit, cursor);
    if (!from) return from.error();
    return end_page(
        *from,
        decode_all<conversation_summary>(
            on_.execute("SELECT id, title, created_at, updated_at, last_seq FROM conversations "
                        "WHERE user_id = $1 AND deleted_at IS NULL AND (created_at, id) < ($2, $3) "
                        "ORDER BY created_at DESC, id DESC LIMIT $4",
                        {user_id, column(from->after.created_at), from->after.id,
                         column(from->wanted + 1)}),
            summary_of));
}

result<void> conversation_repository::remove(const std::string& user_id,
                                             const std::string& conversation_id, timestamp now) {
    return done_or(on_,
                   on_.execute("UPDATE conversations SET deleted_at = $3, title = '' "
                               "WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL ",
                               {user_id, conversation_id, column(now)}),
                   no_such_conversation());
}

result<void> conversation_repository::forget_turns(const std::string& user_id,
                                                   const std::string& conversation_id) {
    const auto effects = on_.execute(
        "DELETE FROM tool_effects WHERE turn_id IN "
        "(SELECT turn_id FROM turns WHERE user_id = $1 AND conversation_id = $2)",
        {user_id, conversation_id});
    if (!effects) return effects.error();
    return done(on_.execute("DELETE FROM turns WHERE user_id = $1 AND conversation_id = $2",
                            {user_id, conversation_id}));
}

result<void> conversation_repository::insert_turn(const turn_row& fresh) {
    const value ended = fresh.ended_version ? column(*fresh.ended_version) : value{};
    return done(on_.execute(
        "INSERT INTO turns (turn_id, user_id, conversation_id, accepted_version, ended_version, "
        "user_message_id, assistant_message_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {fresh.turn_id, fresh.user_id, fresh.conversation_id, column(fresh.accepted_version), ended,
         fresh.user_message_id, fresh.assistant_message_id}));
}

result<void> conversation_repository::end_turn(const std::string& turn_id,
                                               std::uint64_t ended_version) {
    return done_or(on_,
                   on_.execute("UPDATE turns SET ended_version = $2 "
                               "WHERE turn_id = $1 AND ended_version IS NULL",
                               {turn_id, column(ended_version)}),
                   {error_code::conflict, "the turn has ended"});
}

result<std::optional<turn_row>> conversation_repository::find_turn(const std::string& turn_id) {
    return decode_first<turn_row>(
        on_.execute("SELECT turn_id, user_id, conversation_id, accepted_version, ended_version, "
                    "user_message_id, assistant_message_id FROM turns WHERE turn_id = $1",
                    {turn_id}),
        turn_of);
}

result<std::vector<turn_row>> conversation_repository::turns_before(
    const std::string& user_id, const std::string& conversation_id,
    std::uint64_t before_accepted_version, std::size_t limit) {
    return decode_all<turn_row>(
        on_.execute("SELECT turn_id, user_id, conversation_id, accepted_version, ended_version, "
                    "user_message_id, assistant_message_id FROM turns "
                    "WHERE user_id = $1 AND conversation_id = $2 AND accepted_version < $3 "
                    "ORDER BY accepted_version DESC LIMIT $4",
                    {user_id, conversation_id, column(before_accepted_version), column(limit)}),
        turn_of);
}

result<std::optional<turn_row>> conversation_repository::turn_of_message(
    const std::string& user_id, const std::string& conversation_id, const std::string& message_id) {
    // Newest first, for who reads back asks for a recent one; a conversation has few enough turns
    // to go through them.
    return decode_first<turn_row>(
        on_.execute("SELECT turn_id, user_id, conversation_id, accepted_version, ended_version, "
                    "user_message_id, assistant_message_id FROM turns "
                    "WHERE user_id = $1 AND conversation_id = $2 "
                    "AND (user_message_id = $3 OR assistant_message_id = $3) "
                    "ORDER BY accepted_version DESC LIMIT 1",
                    {user_id, conversation_id, message_id}),
        turn_of);
}

result<std::vector<turn_row>> conversation_repository::unfinished(
    std::size_t limit, const std::string& after_turn_id) {
    return decode_all<turn_row>(
        on_.execute("SELECT turn_id, user_id, conversation_id, accepted_version, ended_version, "
                    "user_message_id, assistant_message_id FROM turns "
                    "WHERE ended_version IS NULL AND turn_id > $1 ORDER BY turn_id LIMIT $2",
                    {after_turn_id, column(limit)}),
        turn_of);
}

}  // namespace perin::persistence
