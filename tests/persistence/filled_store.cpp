#include "tests/persistence/filled_store.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace perin::persistence::test {

namespace {

constexpr auto most = std::numeric_limits<std::int64_t>::max();

void run(database& on, std::string_view sql, std::initializer_list<value> parameters = {}) {
    if (const auto done = on.execute(sql, parameters); !done) {
        throw std::runtime_error(std::string(sql) + ": " + done.error().detail);
    }
}

void fill_accounts(database& on) {
    for (const std::string name : {"ada", "bob"}) {
        run(on,
            "INSERT INTO users (id, email, name, timezone, admin, password_hash, created_at, "
            "profile) VALUES ($1, $2, $3, 'UTC', 1, 'hash', -1, $4)",
            {"usr_" + name, name + "@example.com", "\xc3\xa9 '\"\\\t\n\xf0\x9f\x90\xa6",
             R"( { "z":1.0, "a":[1e2,-0.0,12345678901234567890,null,"\u00e9\\"], "a b":{}} )"});
    }
    run(on,
        "INSERT INTO tokens (id, user_id, kind, hash, label, created_at) "
        "VALUES ('tok_1', 'usr_ada', 'api', 'h1', '', $1)",
        {most});
    run(on,
        "INSERT INTO idempotency (user_id, key, fingerprint, conversation_id, turn_id, at) "
        "VALUES ('usr_ada', 'k', 'f', 'cnv_1', 'trn_1', 0)");
    run(on, "INSERT INTO settings (name, value) VALUES ('a name', '')");
    run(on,
        "INSERT INTO memory (user_id, key, content, type, context, importance, at, use_count) "
        "VALUES ('usr_ada', 'k1', 'c', 'fact', '', $1, 1, 0)",
        {0.1});
    run(on,
        "INSERT INTO memory (user_id, key, content, type, context, importance, at, use_count, "
        "details) VALUES ('usr_ada', 'k2', 'c', 'fact', '', $1, 1, $2, '[]')",
        {1.0, most});
}

void fill_conversations(database& on) {
    run(on,
        "INSERT INTO conversations (user_id, id, title, created_at, updated_at, last_seq) "
        "VALUES ('usr_ada', 'cnv_1', 't', 1, 2, 3)");
    // More than one statement carries, and of it a text larger than what waits for one.
    const std::string large(std::size_t{5} << 20U, 'x');
    for (std::int64_t version = 1; version <= 150; ++version) {
        run(on,
            "INSERT INTO journal (stream, version, kind, payload, at) "
            "VALUES ('conversation/usr_ada/cnv_1', $1, 'k', $2, $1)",
            {version, version == 70 ? large : R"({ "text": "\u0000" })"});
    }
    run(on,
        "INSERT INTO turns (turn_id, user_id, conversation_id, accepted_version, ended_version, "
        "user_message_id, assistant_message_id) "
        "VALUES ('trn_1', 'usr_ada', 'cnv_1', 1, 150, 'm1', 'm2')");
    run(on,
        "INSERT INTO turns (turn_id, user_id, conversation_id, accepted_version, "
        "user_message_id, assistant_message_id) "
        "VALUES ('trn_2', 'usr_ada', 'cnv_1', 149, 'm3', 'm4')");
    run(on,
        "INSERT INTO tool_effects (turn_id, call_id, result, at) VALUES ('trn_2', 'c', '{}', 1)");
}

void fill_workflows(database& on) {
    run(on,
        "INSERT INTO streams (stream, kind, user_id, state, summary, version, created_at, "
        "updated_at) VALUES ('workflow/1', 'workflow', 'usr_ada', 'running', '{}', 3, 1, 2)");
    run(on,
        "INSERT INTO snapshots (stream, version, payload, at) VALUES ('workflow/1', 2, '{}', 1)");
    run(on,
        "INSERT INTO journal (stream, version, kind, payload, at) "
        "VALUES ('workflow/1', 3, 'k', '{}', 1)");
    run(on,
        "INSERT INTO timers (id, kind, subject, user_id, due_at, payload, created_at) "
        "VALUES ('tim_1', 'retry', 'workflow/1', 'usr_ada', 1, '{}', 1)");
    run(on,
        "INSERT INTO effects (id, subject, step_id, user_id, kind, idempotency_key, request, "
        "state, attempts, created_at, updated_at) "
        "VALUES ('eff_1', 'workflow/1', 's', 'usr_ada', 'mail', 'i', '{}', 'intended', 1, 1, 1)");
    run(on,
        "INSERT INTO integrations (id, user_id, type, label, status, scopes, settings, "
        "created_at, updated_at) "
        "VALUES ('int_1', 'usr_ada', 'google', '', 'connected', '', '{\"b\":1,\"a\":2}', 1, 1)");
    run(on,
        "INSERT INTO authorizations (state_hash, user_id, type, label, verifier, created_at, "
        "expires_at) VALUES ('h', 'usr_ada', 'google', '', 'v', 1, 2)");
}

void fill_scheduling(database& on) {
    run(on, "INSERT INTO calendars (user_id, version) VALUES ('usr_ada', 1)");
    run(on,
        "INSERT INTO calendar_events (id, user_id, uid, title, starts_at, ends_at, timezone, "
        "created_at, updated_at) VALUES ('evt_1', 'usr_ada', 'u', 't', 1, 2, 'UTC', 1, 1)");
    run(on,
        "INSERT INTO calendar_feeds (user_id, token_hash, created_at) "
        "VALUES ('usr_ada', 'h', 1)");
    run(on,
        "INSERT INTO delegations (id, user_id, token_hash, title, rules, approval, most_uses, "
        "most_turns, expires_at, created_at, updated_at) "
        "VALUES ('del_1', 'usr_ada', 'h', 't', '{}', 0, 1, 1, 1, 1, 1)");
    run(on,
        "INSERT INTO guest_sessions (id, delegation_id, hash, created_at, expires_at) "
        "VALUES ('gst_1', 'del_1', 'h', 1, 2)");
    run(on,
        "INSERT INTO bookings (id, user_id, delegation_id, idempotency_key, state, starts_at, "
        "ends_at, blocked_from, blocked_until, day, day_number, guest_name, guest_email, "
        "guest_timezone, note, created_at, updated_at) "
        "VALUES ('bkg_1', 'usr_ada', 'del_1', 'i', 'booked', 60000, 120000, 60000, 120000, "
        "'1970-01-01', 1, 'g', 'g@example.com', 'UTC', '', 1, 1)");
}

void fill_network(database& on) {
    run(on,
        "INSERT INTO network_connections (id, first_user_id, second_user_id, requested_by, state, "
        "created_at, updated_at) "
        "VALUES ('con_1', 'usr_ada', 'usr_bob', 'usr_ada', 'accepted', 1, 1)");
    run(on,
        "INSERT INTO negotiations (id, initiator_id, counterpart_id, state, title, duration_mins, "
        "window_start, window_end, timezone, expires_at, created_at, updated_at) "
        "VALUES ('neg_1', 'usr_ada', 'usr_bob', 'proposing', 't', 30, 1, 2, 'UTC', 1, 1, 1)");
    run(on,
        "INSERT INTO proposals (negotiation_id, round, proposed_by, slots, note, state, "
        "created_at) VALUES ('neg_1', 1, 'usr_ada', '[]', '', 'open', 1)");
    run(on,
        "INSERT INTO notifications (id, user_id, type, subject, title, payload, actions, state, "
        "created_at) VALUES ('ntf_1', 'usr_bob', 't', 's', 't', '\"text\"', '[]', 'open', 1)");
}

}  // namespace

void fill(database& on) {
    auto all = transaction::begin(on);
    if (!all) throw std::runtime_error(all.error().detail);
    fill_accounts(on);
    fill_conversations(on);
    fill_workflows(on);
    fill_scheduling(on);
    fill_network(on);
    if (const auto done = all->commit(); !done) throw std::runtime_error(done.error().detail);
}

}  // namespace perin::persistence::test
