#pragma once

#include "runtime/actors.hpp"

#include <caf/typed_behavior.hpp>

namespace perin::actors {

/// What a `reader_actor` does: every read is answered by `answer`, which takes each kind of them.
template <class Answer>
runtime::reader_actor::behavior_type reader_behavior(Answer answer) {
    using namespace runtime;
    return {
        [=](const load_conversation& what) { return answer(what); },
        [=](const read_records& what) { return answer(what); },
        [=](const list_conversations& what) { return answer(what); },
        [=](const read_messages& what) { return answer(what); },
        [=](const find_turn& what) { return answer(what); },
        [=](const find_claim& what) { return answer(what); },
        [=](const list_unfinished& what) { return answer(what); },
        [=](const load_memory& what) { return answer(what); },
        [=](const find_token_owner& what) { return answer(what); },
        [=](const find_credentials& what) { return answer(what); },
        [=](const find_user& what) { return answer(what); },
        [=](const list_users& what) { return answer(what); },
        [=](const list_tokens& what) { return answer(what); },
        [=](const load_calendar& what) { return answer(what); },
        [=](const find_tool_effect& what) { return answer(what); },
        [=](const find_feed_owner& what) { return answer(what); },
        [=](const list_notifications& what) { return answer(what); },
        [=](const find_notification& what) { return answer(what); },
        [=](const list_follow_ups& what) { return answer(what); },
        [=](const list_idle_conversations& what) { return answer(what); },
        [=](const find_delegation& what) { return answer(what); },
        [=](const list_delegations& what) { return answer(what); },
        [=](const find_guest_session& what) { return answer(what); },
        [=](const load_workflow& what) { return answer(what); },
        [=](const list_workflows& what) { return answer(what); },
        [=](const list_unfinished_workflows& what) { return answer(what); },
        [=](const list_due_workflows& what) { return answer(what); },
        [](const database_task& what) { what.run(); },
    };
}

}  // namespace perin::actors
