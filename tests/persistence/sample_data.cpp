#include "tests/persistence/sample_data.hpp"

#include "persistence/migrations.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace perin::persistence::test {

namespace {

struct sample {
    /// The step of the schema that it needs.
    int since = 1;
    /// `{u}` stands for the user's word.
    std::string_view sql;
    /// The last step that has its table.
    int until = std::numeric_limits<int>::max();
};

constexpr std::array samples = {
    sample{1,
           "INSERT INTO users (id, email, name, timezone, admin, password_hash, created_at) VALUES "
           "('usr_{u}', '{u}@example.org', '{u}', 'Europe/Vienna', 1, 'secret of {u}', 1000)"},
    sample{1,
           "INSERT INTO tokens (id, user_id, kind, hash, label, created_at, expires_at) VALUES "
           "('tok_{u}', 'usr_{u}', 'api', 'secret token of {u}', 'laptop', 1000, 2000)"},
    sample{1,
           "INSERT INTO conversations (user_id, id, title, created_at, updated_at, last_seq) "
           "VALUES ('usr_{u}', 'cnv_1', 'Lunch with {u}', 1000, 2000, 7)"},
    sample{1,
           "INSERT INTO conversations (user_id, id, title, created_at, updated_at, last_seq, "
           "deleted_at) VALUES ('usr_{u}', 'cnv_2', '', 1000, 2000, 7, 3000)"},
    sample{1,
           "INSERT INTO journal (stream, version, kind, payload, at) VALUES "
           R"(('conversation/usr_{u}/cnv_1', 1, 'turn.accepted', '{"text":"I am {u}"}', 1000), )"
           "('conversation/usr_{u}/cnv_1', 2, 'turn.ended', 'no JSON', 2000)"},
    sample{1,
           "INSERT INTO turns (turn_id, user_id, conversation_id, accepted_version, ended_version, "
           "user_message_id, assistant_message_id) "
           "VALUES ('trn_{u}', 'usr_{u}', 'cnv_1', 1, 2, 'msg_{u}1', 'msg_{u}2')"},
    sample{1,
           "INSERT INTO memory (user_id, key, content, type, context, importance, at, use_count) "
           "VALUES ('usr_{u}', 'name', 'is called {u}', 'fact', '', 0.5, 1000, 3)"},
    sample{1,
           "INSERT INTO idempotency (user_id, key, fingerprint, conversation_id, turn_id, at) "
           "VALUES ('usr_{u}', 'key', 'secret print of {u}', 'cnv_1', 'trn_{u}', 1000)"},
    sample{1,
           "INSERT INTO tool_effects (turn_id, call_id, result, at) "
           R"(VALUES ('trn_{u}', 'call_1', '{"created":true}', 1000))"},
    sample{1,
           "INSERT INTO settings (name, value) VALUES ('first.owner', 'somebody') "
           "ON CONFLICT (name) DO NOTHING"},

    sample{2, R"(UPDATE users SET profile = '{"days":["mon"]}' WHERE id = 'usr_{u}')"},
    sample{2, R"(UPDATE memory SET details = '{"from":"{u}"}' WHERE user_id = 'usr_{u}')"},
    sample{2,
           "INSERT INTO streams (stream, kind, user_id, state, summary, version, created_at, "
           "updated_at) VALUES ('workflow/wfl_{u}', 'workflow', 'usr_{u}', 'waiting', "
           R"('{"waitsFor":"{u}"}', 2, 1000, 2000))"},
    sample{2,
           "INSERT INTO journal (stream, version, kind, payload, at) VALUES "
           "('workflow/wfl_{u}', 1, 'initiated', '{}', 1000), "
           R"(('workflow/wfl_{u}', 2, 'step.started', '{"for":"{u}"}', 2000))"},
    sample{2,
           "INSERT INTO snapshots (stream, version, payload, at) "
           R"(VALUES ('workflow/wfl_{u}', 1, '{"of":"{u}"}', 1000))"},
    sample{2,
           "INSERT INTO timers (id, kind, subject, user_id, due_at, payload, created_at) "
           "VALUES ('tmr_{u}', 'remind', 'workflow/wfl_{u}', 'usr_{u}', 5000, '{}', 1000)"},
    sample{2,
           "INSERT INTO effects (id, subject, step_id, user_id, kind, idempotency_key, request, "
           "state, outcome, attempts, created_at, updated_at) VALUES ('eff_{u}', "
           "'workflow/wfl_{u}', 'step', 'usr_{u}', 'mail.send', 'key of {u}', "
           R"('{"to":"{u}@example.org"}', 'completed', '{}', 1, 1000, 2000))"},

    sample{3,
           "INSERT INTO integrations (id, user_id, type, label, status, scopes, settings, "
           "access_token, refresh_token, access_expires_at, created_at, updated_at) VALUES "
           R"(('int_{u}', 'usr_{u}', 'gmail', '{u}@example.org', 'connected', 'mail', '{"a":1}', )"
           "'secret access of {u}', 'secret refresh of {u}', 3000, 1000, 2000)"},
    sample{3,
           "INSERT INTO authorizations (state_hash, user_id, type, label, verifier, created_at, "
           "expires_at) VALUES ('secret state of {u}', 'usr_{u}', 'slack', '', "
           "'secret verifier of {u}', 1000, 2000)"},

    sample{4, "INSERT INTO calendars (user_id, version) VALUES ('usr_{u}', 3)"},
    sample{4,
           "INSERT INTO calendar_events (id, user_id, uid, title, starts_at, ends_at, "
           "last_ends_at, timezone, attendees, created_at, updated_at) VALUES ('evt_{u}', "
           "'usr_{u}', 'uid', 'Dentist of {u}', 1000, 2000, 2000, 'Europe/Vienna', "
           R"('[{"email":"{u}@example.org"}]', 1000, 1000))"},
    sample{4,
           "INSERT INTO delegations (id, user_id, token_hash, title, rules, approval, uses, "
           "most_uses, most_turns, expires_at, created_at, updated_at) VALUES ('dlg_{u}', "
           R"('usr_{u}', 'secret link of {u}', 'Meet {u}', '{"durationsMins":[30]}', 0, 1, 2, 50, )"
           "9000, 1000, 1000)"},
    sample{4,
           "INSERT INTO guest_sessions (id, delegation_id, hash, conversation_id, created_at, "
           "expires_at) VALUES ('ses_{u}', 'dlg_{u}', 'secret cookie of {u}', 'cnv_1', 1000, "
           "9000)"},
    sample{4,
           "INSERT INTO bookings (id, user_id, delegation_id, idempotency_key, state, starts_at, "
           "ends_at, blocked_from, blocked_until, day, day_number, guest_name, guest_email, "
           "guest_timezone, note, created_at, updated_at) VALUES ('bkg_{u}', 'usr_{u}', 'dlg_{u}', "
           "'key', 'booked', 60000, 120000, 60000, 120000, '1970-01-01', 1, 'guest of {u}', "
           "'guest@example.org', 'UTC', 'for {u}', 1000, 1000)"},
    sample{4,
           "INSERT INTO booked_minutes (user_id, minute, booking_id) "
           "VALUES ('usr_{u}', 1, 'bkg_{u}')",
           7},

    sample{5,
           "INSERT INTO network_connections (id, first_user_id, second_user_id, requested_by, "
           "state, created_at, updated_at) VALUES ('con_{u}', 'usr_{u}', 'usr_~somebody', "
           "'usr_{u}', 'accepted', 1000, 1000)"},
    sample{5,
           "INSERT INTO negotiations (id, initiator_id, counterpart_id, state, title, "
           "duration_mins, window_start, window_end, timezone, expires_at, created_at, "
           "updated_at) VALUES ('neg_1{u}', 'usr_{u}', 'usr_~somebody', 'agreed', "
           "'Lunch with {u}', 30, 1000, 2000, 'UTC', 9000, 1000, 1000), "
           "('neg_2{u}', 'usr_~somebody', 'usr_{u}', 'confirmed', 'Supper', 30, 1000, 2000, "
           "'UTC', 9000, 1000, 1000), "
           "('neg_3{u}', 'usr_erased', 'usr_{u}', 'confirmed', 'Supper', 30, 1000, 2000, 'UTC', "
           "9000, 1000, 1000)"},
    sample{5,
           "INSERT INTO proposals (negotiation_id, round, proposed_by, slots, note, state, "
           "created_at) VALUES ('neg_1{u}', 1, 'usr_{u}', '[]', 'says {u}', 'countered', 1000), "
           "('neg_1{u}', 2, 'usr_~somebody', '[]', 'says somebody', 'open', 1000), "
           "('neg_3{u}', 1, 'usr_{u}', '[]', 'says {u}', 'accepted', 1000)"},
    sample{5,
           "INSERT INTO notifications (id, user_id, about_user_id, type, subject, title, payload, "
           "actions, state, created_at) VALUES ('ntf_1{u}', 'usr_{u}', NULL, 'approval', "
           R"('bkg_{u}', 'For {u}', '{"u":"{u}"}', '["approve"]', 'open', 1000), )"
           "('ntf_2{u}', 'usr_~somebody', 'usr_{u}', 'proposal', 'neg_1{u}', 'From {u}', '{}', "
           "'[]', 'open', 1000)"},

    sample{6,
           "UPDATE calendar_events SET local_start = 3601, length = 1, organizer_name = 'Dr {u}' "
           "WHERE user_id = 'usr_{u}'"},
    sample{6,
           "INSERT INTO calendar_feeds (user_id, token_hash, created_at) "
           "VALUES ('usr_{u}', 'secret feed of {u}', 1000)"},
};

std::string written_for(std::string_view sql, const std::string& user) {
    constexpr std::string_view word = "{u}";
    std::string text;
    for (;;) {
        const auto found = sql.find(word);
        text.append(sql.substr(0, found));
        if (found == std::string_view::npos) return text;
        text.append(user);
        sql.remove_prefix(found + word.size());
    }
}

}  // namespace

void add_sample_data(database& on, const std::string& user, int schema) {
    const auto there = schema_version(on);
    if (!there) throw std::runtime_error(there.error().detail);
    for (const auto& [since, sql, until] : samples) {
        if (since > schema || until < *there) continue;
        const std::string text = written_for(sql, user);
        if (auto added = on.execute(text); !added) {
            throw std::runtime_error(added.error().detail + ": " + text);
        }
    }
}

}  // namespace perin::persistence::test
