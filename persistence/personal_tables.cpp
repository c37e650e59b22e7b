#include "persistence/personal_tables.hpp"

#include <array>

namespace perin::persistence {

namespace {

constexpr auto document = personal_format::document;
constexpr auto time = personal_format::time;
constexpr auto flag = personal_format::flag;
constexpr auto withheld = personal_format::withheld;

template <std::size_t size>
using columns = std::array<personal_column, size>;

/// As `conversation_stream` names it.
constexpr std::string_view of_their_streams =
    "stream IN (SELECT 'conversation/' || user_id || '/' || id FROM conversations "
    "WHERE user_id = $1) OR stream IN (SELECT stream FROM streams WHERE user_id = $1)";

constexpr std::string_view of_their_links =
    "delegation_id IN (SELECT id FROM delegations WHERE user_id = $1)";

constexpr columns<5> journal = {
    {{"stream"}, {"version"}, {"kind"}, {"payload", document}, {"at", time}}};

constexpr columns<4> snapshots = {{{"stream"}, {"version"}, {"payload", document}, {"at", time}}};

constexpr columns<10> streams = {{{"stream"},
                                  {"kind"},
                                  {"user_id"},
                                  {"state"},
                                  {"summary", document},
                                  {"version"},
                                  {"created_at", time},
                                  {"updated_at", time},
                                  {"tells"},
                                  {"told"}}};

constexpr columns<4> tool_effects = {
    {{"turn_id"}, {"call_id"}, {"result", document}, {"at", time}}};

constexpr columns<7> turns = {{{"turn_id"},
                               {"user_id"},
                               {"conversation_id"},
                               {"accepted_version"},
                               {"ended_version"},
                               {"user_message_id"},
                               {"assistant_message_id"}}};

constexpr columns<8> conversations = {{{"user_id"},
                                       {"id"},
                                       {"title"},
                                       {"created_at", time},
                                       {"updated_at", time},
                                       {"last_seq"},
                                       {"deleted_at", time},
                                       {"delegation_id"}}};

constexpr columns<9> memory = {{{"user_id"},
                                {"key"},
                                {"content"},
                                {"type"},
                                {"context"},
                                {"importance"},
                                {"at", time},
                                {"use_count"},
                                {"details", document}}};

constexpr columns<6> idempotency = {{{"user_id"},
                                     {"key"},
                                     {"fingerprint", withheld},
                                     {"conversation_id"},
                                     {"turn_id"},
                                     {"at", time}}};

constexpr columns<7> timers = {{{"id"},
                                {"kind"},
                                {"subject"},
                                {"user_id"},
                                {"due_at", time},
                                {"payload", document},
                                {"created_at", time}}};

constexpr columns<12> effects = {{{"id"},
                                  {"subject"},
                                  {"step_id"},
                                  {"user_id"},
                                  {"kind"},
                                  {"idempotency_key"},
                                  {"request", document},
                                  {"state"},
                                  {"outcome", document},
                                  {"attempts"},
                                  {"created_at", time},
                                  {"updated_at", time}}};

constexpr columns<12> integrations = {{{"id"},
                                       {"user_id"},
                                       {"type"},
                                       {"label"},
                                       {"status"},
                                       {"scopes"},
                                       {"settings", document},
                                       {"access_token", withheld},
                                       {"refresh_token", withheld},
                                       {"access_expires_at", time},
                                       {"created_at", time},
                                       {"updated_at", time}}};

constexpr columns<7> authorizations = {{{"state_hash", withheld},
                                        {"user_id"},
                                        {"type"},
                                        {"label"},
                                        {"verifier", withheld},
                                        {"created_at", time},
                                        {"expires_at", time}}};

constexpr columns<3> calendars = {{{"user_id"}, {"version"}, {"changed_at", time}}};

constexpr columns<3> calendar_feeds = {
    {{"user_id"}, {"token_hash", withheld}, {"created_at", time}}};

constexpr columns<26> calendar_events = {{{"id"},
                                          {"user_id"},
                                          {"uid"},
                                          {"recurrence_id"},
                                          {"title"},
                                          {"description"},
                                          {"location"},
                                          {"starts_at", time},
                                          {"ends_at", time},
                                          {"last_ends_at", time},
                                          {"timezone"},
                                          {"all_day", flag},
                                          {"busy", flag},
                                          {"status"},
                                          {"recurrence_rule"},
                                          {"added_dates", document},
                                          {"excluded_dates", document},
                                          {"organizer"},
                                          {"attendees", document},
                                          {"sequence"},
                                          {"version"},
                                          {"created_at", time},
                                          {"updated_at", time},
                                          {"local_start"},
                                          {"length"},
                                          {"organizer_name"}}};

constexpr columns<23> bookings = {{{"id"},
                                   {"user_id"},
                                   {"delegation_id"},
                                   {"negotiation_id"},
                                   {"conversation_id"},
                                   {"workflow_id"},
                                   {"event_id"},
                                   {"idempotency_key"},
                                   {"state"},
                                   {"starts_at", time},
                                   {"ends_at", time},
                                   {"blocked_from", time},
                                   {"blocked_until", time},
                                   {"hold_expires_at", time},
                                   {"day"},
                                   {"day_number"},
                                   {"guest_name"},
                                   {"guest_email"},
                                   {"guest_timezone"},
                                   {"note"},
                                   {"version"},
                                   {"created_at", time},
                                   {"updated_at", time}}};

constexpr columns<7> guest_sessions = {{{"id"},
                                        {"delegation_id"},
                                        {"hash", withheld},
                                        {"conversation_id"},
                                        {"created_at", time},
                                        {"expires_at", time},
                                        {"last_used_at", time}}};

constexpr columns<16> delegations = {{{"id"},
                                      {"user_id"},
                                      {"token_hash", withheld},
                                      {"title"},
                                      {"rules", document},
                                      {"approval", flag},
                                      {"uses"},
                                      {"most_uses"},
                                      {"turns"},
                                      {"most_turns"},
                                      {"tokens"},
                                      {"most_tokens"},
                                      {"expires_at", time},
                                      {"revoked_at", time},
                                      {"created_at", time},
                                      {"updated_at", time}}};

constexpr columns<13> notifications = {{{"id"},
                                        {"user_id"},
                                        {"about_user_id"},
                                        {"type"},
                                        {"subject"},
                                        {"title"},
                                        {"payload", document},
                                        {"actions", document},
                                        {"state"},
                                        {"resolution", document},
                                        {"created_at", time},
                                        {"expires_at", time},
                                        {"closed_at", time}}};

constexpr columns<8> network_connections = {{{"id"},
                                             {"first_user_id"},
                                             {"second_user_id"},
                                             {"requested_by"},
                                             {"state"},
                                             {"blocked_by"},
                                             {"created_at", time},
                                             {"updated_at", time}}};

constexpr columns<7> proposals = {{{"negotiation_id"},
                                   {"round"},
                                   {"proposed_by"},
                                   {"slots", document},
                                   {"note"},
                                   {"state"},
                                   {"created_at", time}}};

constexpr columns<16> negotiations = {{{"id"},
                                       {"initiator_id"},
                                       {"counterpart_id"},
                                       {"state"},
                                       {"title"},
                                       {"duration_mins"},
                                       {"window_start", time},
                                       {"window_end", time},
                                       {"timezone"},
                                       {"agreed_start", time},
                                       {"initiator_event_id"},
                                       {"counterpart_event_id"},
                                       {"version"},
                                       {"expires_at", time},
                                       {"created_at", time},
                                       {"updated_at", time}}};

constexpr columns<8> tokens = {{{"id"},
                                {"user_id"},
                                {"kind"},
                                {"hash", withheld},
                                {"label"},
                                {"created_at", time},
                                {"expires_at", time},
                                {"last_used_at", time}}};

constexpr columns<8> users = {{{"id"},
                               {"email"},
                               {"name"},
                               {"timezone"},
                               {"admin", flag},
                               {"password_hash", withheld},
                               {"created_at", time},
                               {"profile", document}}};

constexpr columns<2> settings = {{{"name"}, {"value"}}};
constexpr columns<3> migrations = {{{"number"}, {"name"}, {"applied_at", time}}};

/// The row of a conversation or a stream is taken first: whoever appends to it meanwhile has come
/// to an end then, and its records are seen.
constexpr std::array<std::string_view, 3> erase_journal = {
    "UPDATE conversations SET deleted_at = COALESCE(deleted_at, updated_at) WHERE user_id = $1",
    "UPDATE streams SET updated_at = updated_at WHERE user_id = $1",
    "DELETE FROM journal WHERE "
    "stream IN (SELECT 'conversation/' || user_id || '/' || id FROM conversations "
    "WHERE user_id = $1) OR stream IN (SELECT stream FROM streams WHERE user_id = $1)",
};

/// What the other one sees of a person who is no more: nobody has this id.
constexpr std::array<std::string_view, 2> erase_proposals = {
    "DELETE FROM proposals WHERE negotiation_id IN (SELECT id FROM negotiations "
    "WHERE (initiator_id = $1 AND counterpart_id = 'usr_erased') "
    "OR (initiator_id = 'usr_erased' AND counterpart_id = $1))",
    "UPDATE proposals SET note = '', proposed_by = 'usr_erased' WHERE proposed_by = $1",
};

constexpr std::array<std::string_view, 4> erase_negotiations = {
    "DELETE FROM negotiations WHERE (initiator_id = $1 AND counterpart_id = 'usr_erased') "
    "OR (initiator_id = 'usr_erased' AND counterpart_id = $1)",
    "UPDATE negotiations SET state = 'cancelled' WHERE (initiator_id = $1 OR counterpart_id = $1) "
    "AND state IN ('proposing', 'agreed')",
    "UPDATE negotiations SET title = '', initiator_event_id = NULL, initiator_id = 'usr_erased' "
    "WHERE initiator_id = $1",
    "UPDATE negotiations SET counterpart_event_id = NULL, counterpart_id = 'usr_erased' "
    "WHERE counterpart_id = $1",
};

constexpr auto theirs = personal_kind::theirs;
constexpr auto shared = personal_kind::shared;
constexpr auto nobodys = personal_kind::nobodys;
constexpr std::string_view of_user = "user_id = $1";

constexpr std::array<personal_table, 26> all = {{
    {"journal", theirs, journal, of_their_streams, "stream, version", erase_journal},
    {"snapshots", theirs, snapshots, of_their_streams, "stream"},
    {"tool_effects", theirs, tool_effects,
     "turn_id IN (SELECT turn_id FROM turns WHERE user_id = $1)", "turn_id, call_id"},
    {"turns", theirs, turns, of_user, "turn_id"},
    {"conversations", theirs, conversations, of_user, "id"},
    {"streams", theirs, streams, of_user, "stream"},
    {"memory", theirs, memory, of_user, "key"},
    {"idempotency", theirs, idempotency, of_user, "key"},
    {"timers", theirs, timers, of_user, "id"},
    {"effects", theirs, effects, of_user, "id"},
    {"integrations", theirs, integrations, of_user, "id"},
    {"authorizations", theirs, authorizations, of_user, "created_at, type"},
    {"calendars", theirs, calendars, of_user, "user_id"},
    {"calendar_events", theirs, calendar_events, of_user, "starts_at, id"},
    {"calendar_feeds", theirs, calendar_feeds, of_user, "user_id"},
    {"bookings", theirs, bookings, of_user, "starts_at, id"},
    {"guest_sessions", theirs, guest_sessions, of_their_links, "id"},
    {"delegations", theirs, delegations, of_user, "id"},
    {"notifications", theirs, notifications, "user_id = $1 OR about_user_id = $1", "id"},
    {"network_connections", theirs, network_connections,
     "first_user_id = $1 OR second_user_id = $1", "id"},
    {"proposals", shared, proposals,
     "negotiation_id IN (SELECT id FROM negotiations WHERE initiator_id = $1 "
     "OR counterpart_id = $1)",
     "negotiation_id, round", erase_proposals},
    {"negotiations", shared, negotiations, "initiator_id = $1 OR counterpart_id = $1", "id",
     erase_negotiations},
    {"tokens", theirs, tokens, of_user, "id"},
    {"users", theirs, users, "id = $1", "id"},
    {"settings", nobodys, settings},
    {"migrations", nobodys, migrations},
}};

}  // namespace

std::span<const personal_table> personal_tables() noexcept { return all; }

}  // namespace perin::persistence
