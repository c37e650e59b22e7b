#pragma once

#include "actors/delegation/guest_booking.hpp"
#include "tests/actors/delegation/link_world.hpp"

namespace perin::test {

/// A guest who chats by a link of Anna's.
struct guest_world : link_world {
    static constexpr auto conversation = "cnv_guest0001";

    template <class Message>
    Message by_guest(const runtime::created_link& of, const std::string& where = conversation) {
        Message out;
        out.delegation_id = of.link.id;
        out.user_id = anna.id;
        out.conversation_id = where;
        return out;
    }

    result<workflow::account_of> begin_booking(const runtime::created_link& of,
                                               const std::string& where = conversation) {
        auto wanted = by_guest<runtime::begin_guest_booking>(of, where);
        wanted.turn_id = "trn_1";
        wanted.reasoning = "asks for a meeting";
        wanted.confidence = 0.9;
        return ask<result<workflow::account_of>>(delegations, std::move(wanted));
    }

    result<runtime::guest_stand> standing(const runtime::created_link& of) {
        return ask<result<runtime::guest_stand>>(delegations,
                                                 by_guest<runtime::guest_standing>(of));
    }
    link_context stands_for_guest(const runtime::created_link& of) {
        auto stand = standing(of);
        REQUIRE(stand);
        return std::move(stand->link);
    }

    runtime::choose_slot choosing(const runtime::created_link& of, const std::string& start,
                                  const std::string& key, const std::string& where = conversation) {
        auto out = by_guest<runtime::choose_slot>(of, where);
        out.turn_id = "trn_1";
        out.call_key = key;
        out.slot = {
            at(start), std::chrono::minutes{30}, {"Gustav", "gustav@example.org", "Europe/Berlin"}};
        return out;
    }
    result<runtime::slot_choice> choose(runtime::choose_slot wanted) {
        return ask<result<runtime::slot_choice>>(delegations, std::move(wanted));
    }
    result<runtime::slot_choice> choose(const runtime::created_link& of, const std::string& start,
                                        const std::string& key) {
        return choose(choosing(of, start, key));
    }
    runtime::slot_chosen chosen(const result<runtime::slot_choice>& choice) {
        if (!choice) FAIL(choice.error().detail);
        REQUIRE(std::holds_alternative<runtime::slot_chosen>(*choice));
        return std::get<runtime::slot_chosen>(*choice);
    }
    std::vector<scheduling::interval> alternatives(const result<runtime::slot_choice>& choice) {
        if (!choice) FAIL(choice.error().detail);
        REQUIRE(std::holds_alternative<runtime::slot_refused>(*choice));
        return std::get<runtime::slot_refused>(*choice).alternatives;
    }

    /// An answer as it comes by API: without a key, with whatever somebody writes.
    result<workflow::account_of> answer(const std::string& id, nlohmann::json with) {
        return order(id, runtime::answer_step{actors::slot_step, std::move(with)});
    }
    result<workflow::account_of> order(const std::string& id, runtime::workflow_order what) {
        runtime::command_workflow wanted;
        wanted.id = id;
        wanted.user_id = anna.id;
        wanted.order = std::move(what);
        wanted.until_it_rests = std::chrono::seconds{10};
        auto done = ask<result<workflow::account_of>>(workflows.load(), std::move(wanted));
        settle();
        return done;
    }
    workflow::account_of now(const std::string& id) {
        auto found = ask<result<workflow::account_of>>(workflows.load(),
                                                       runtime::find_workflow{id, anna.id});
        REQUIRE(found);
        return std::move(*found);
    }
    std::string status(const std::string& id) {
        return std::string(workflow::to_string(now(id).is.status));
    }
    nlohmann::json slot_json(const std::string& start) const {
        return {{"start", start},
                {"durationMins", 30},
                {"name", "Gustav"},
                {"email", "gustav@example.org"},
                {"timezone", "Europe/Berlin"}};
    }
    std::vector<std::string> progress(const std::string& id) {
        std::vector<std::string> out;
        for (const auto& one : now(id).history)
            if (const auto* said = std::get_if<workflow::step_progress>(&one.what))
                out.push_back(said->message);
        return out;
    }
    std::size_t events() { return listed("2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z").size(); }
};

}  // namespace perin::test
