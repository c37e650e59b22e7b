#pragma once

#include "tests/actors/workflow/workflow_world.hpp"

#include <caf/event_based_actor.hpp>

namespace perin::test {

/// What a conversation has been told, and what it answers.
struct listener {
    std::vector<runtime::tell_workflow> heard;
    /// Tellings are answered by the test.
    bool holds = false;
    std::vector<runtime::owed_reply<result<void>>> owed;
    std::optional<failure> fails = {};
    /// Events up to here are told. It is kept nowhere else: a workflow that starts again tells all.
    std::uint64_t told = 0;

    /// All that was told.
    [[nodiscard]] std::vector<event_body> bodies() const {
        std::vector<event_body> out;
        for (const auto& each : heard)
            out.insert(out.end(), each.bodies.begin(), each.bodies.end());
        return out;
    }
};

/// A conversation that takes what workflows tell; anything else is an unexpected message.
inline caf::behavior listening(caf::event_based_actor* self, std::shared_ptr<listener> to) {
    return {[self, to](const runtime::tell_workflow& what) -> caf::result<result<void>> {
        if (to->fails) return result<void>{*to->fails};
        if (what.after != to->told)
            return result<void>{failure{error_code::conflict, "this was told"}};
        to->heard.push_back(what);
        to->told = what.version;
        if (!to->holds) return result<void>{};
        to->owed.push_back(runtime::owe<result<void>>(self));
        return to->owed.back();
    }};
}

/// Workflows that are told in a conversation.
struct told_world : workflow_world {
    std::shared_ptr<listener> heard = std::make_shared<listener>();
    caf::actor conversation;

    told_world() {
        conversation = system.spawn(listening, heard);
        parts.conversations.put(caf::actor_cast<runtime::conversations_actor>(
            caf::actor_cast<caf::strong_actor_ptr>(conversation)));
    }
    ~told_world() {
        parts.conversations.clear();
        heard->owed.clear();
        caf::anon_send_exit(conversation, caf::exit_reason::user_shutdown);
        conversation = nullptr;
        settle();
    }

    runtime::begin_workflow beginning(const std::string& kind_name,
                                      std::chrono::milliseconds until_it_rests = {}) const {
        runtime::begin_workflow wanted;
        wanted.id = "wfl_00000000-0000-7000-8000-000000000009";
        wanted.user_id = anna.id;
        wanted.kind = kind_name;
        wanted.origin = workflow::told_in{"cnv_00000001", "trn_1", "because", 0.9};
        wanted.until_it_rests = until_it_rests;
        return wanted;
    }

    /// Answers the oldest telling that waits.
    void release_telling() {
        REQUIRE_FALSE(heard->owed.empty());
        auto oldest = heard->owed.front();
        heard->owed.erase(heard->owed.begin());
        oldest.deliver();
        settle();
    }
};

}  // namespace perin::test
