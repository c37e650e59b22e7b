#include "actors/delegation/link_booking.hpp"

#include "domain/id.hpp"
#include "persistence/credentials.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace perin::actors {

using namespace runtime;
using std::chrono::minutes;

bool is_past_hold(const booking& one, timestamp now) {
    return one.state == booking_state::held && one.hold_expires_at && *one.hold_expires_at <= now;
}

result<created_link> new_link(const nlohmann::json& body, const user& owner, timestamp now,
                              entropy& random) {
    auto link = delegation_of(body, owner, now);
    if (!link) return link.error();
    link->id = make_id("dlg_", now, random.for_id());
    link->user_id = owner.id;
    return created_link{std::move(*link), persistence::new_token("")};
}

link_status status_of(const found_delegation& at, timestamp now) {
    return perin::status_of(at.link, at.bookings, now);
}

bool has_meeting_to_come(const found_delegation& at, timestamp now) {
    return std::ranges::any_of(at.bookings, [&](const booking& one) {
        return is_active(one.state) && !is_past_hold(one, now) && one.time.ends_at > now;
    });
}

std::optional<failure> closed(const found_delegation& at, timestamp now) {
    switch (status_of(at, now)) {
        case link_status::active:
            return std::nullopt;
        case link_status::spent:
            return failure{error_code::gone, "the link has been used as often as it may"};
        case link_status::expired:
            return failure{error_code::gone, "the link has expired"};
        case link_status::revoked:
            return failure{error_code::gone, "the link was revoked"};
    }
    return std::nullopt;
}

const booking* find_booking(const found_delegation& at, std::string_view booking_id) {
    const auto found = std::ranges::find(at.bookings, booking_id, &booking::id);
    return found == at.bookings.end() ? nullptr : &*found;
}

const booking* find_booking_of(const found_delegation& at, std::string_view workflow_id) {
    const booking* out = nullptr;
    for (const auto& each : at.bookings)
        if (each.workflow_id == workflow_id && (!out || is_active(each.state))) out = &each;
    return out;
}

failure booking_under_way() {
    return {error_code::unavailable,
            "the booking is under way; ask again",
            {},
            {},
            std::chrono::milliseconds{2'000}};
}

find_free_time next_free_times(const found_delegation& at, timestamp now, std::size_t limit) {
    return free_time_of(at, now, now, now + offered_days, at.link.rules.durations.front(), limit);
}

find_free_time free_time_of(const found_delegation& at, timestamp now, timestamp from,
                            timestamp until, minutes duration, std::size_t limit) {
    find_free_time out;
    out.user_id = at.link.user_id;
    out.rules = person_of(at.link.rules);
    out.search.now = now;
    out.search.from = std::max(from, now);
    out.search.until = std::max(until, out.search.from);
    out.search.durations = {duration};
    out.search.step = at.link.rules.step;
    out.limit = limit;
    return out;
}

book_time hold_of(const found_delegation& at, const chosen_slot& slot, std::string key,
                  std::string workflow_id) {
    book_time out;
    out.user_id = at.link.user_id;
    out.wanted.user_id = at.link.user_id;
    out.wanted.delegation_id = at.link.id;
    out.wanted.workflow_id = std::move(workflow_id);
    out.wanted.idempotency_key = std::move(key);
    out.wanted.who = slot.who;
    out.wanted.note = slot.note;
    out.state = booking_state::held;
    auto shown = out.wanted;
    shown.time.starts_at = slot.starts_at;
    shown.time.ends_at = slot.starts_at + slot.duration;
    out.what = event_of({at.link, at.owner, std::move(shown)});
    out.rules = person_of(at.link.rules);
    out.search.durations = at.link.rules.durations;
    out.search.step = at.link.rules.step;
    out.placing = scheduling::placing::at_steps;
    return out;
}

move_booking move_of(const found_delegation& at, const booking& what, timestamp to) {
    move_booking out;
    out.user_id = at.link.user_id;
    out.delegation_id = at.link.id;
    out.booking_id = what.id;
    out.starts_at = to;
    out.rules = person_of(at.link.rules);
    out.step = at.link.rules.step;
    out.approval = at.link.approval;
    return out;
}

std::optional<failure> against_rules(const time_refused& refused) {
    if (is_taken(refused.why)) return std::nullopt;
    const bool length = refused.why == scheduling::refusal::wrong_length ||
                        refused.why == scheduling::refusal::no_time;
    return failure{error_code::invalid_request, std::string(sentence(refused.why)),
                   length ? "/durationMins" : "/start"};
}

std::string id_from(std::string_view prefix, std::string_view text) {
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                       0);
    id_entropy random{};
    std::copy_n(hash.begin(), random.size(), random.begin());
    // Of a time that is the text's too, not this moment's.
    std::uint64_t at = 0;
    for (std::size_t i = 10; i < 15; ++i) at = at << 8U | hash[i];
    return make_id(prefix, timestamp{std::chrono::milliseconds{at}}, random);
}

}  // namespace perin::actors
