#pragma once

#include "domain/event.hpp"
#include "domain/turn.hpp"
#include "domain/workflow/summary.hpp"
#include "runtime/messages.hpp"

/// What workflows are asked, and what they ask of the store and of conversations.
namespace perin::runtime {

// --------------------------------------------------------------------------------------- reader

struct load_workflow {
    std::string id;
    /// Only where it is this user's; empty: anybody's.
    std::string user_id = {};
};

struct loaded_workflow {
    workflow::summary is;
    std::uint64_t version = 0;
    /// Events up to this version have been told in its conversation.
    std::uint64_t told = 0;
    /// All of its stream.
    std::vector<journal_record> records = {};
};

/// By age, the newest first.
struct list_workflows {
    /// Empty: of all users.
    std::string user_id = {};
    std::optional<workflow::status> status = {};
    std::size_t limit = 20;
    std::optional<std::string> cursor = {};
};

struct workflow_page {
    std::vector<workflow::summary> items;
    std::optional<std::string> next_cursor = {};
};

/// For the start, ids, ascending: those that go on by themselves, or those that have something to
/// tell in their conversations.
struct list_unfinished_workflows {
    bool untold = false;
    std::size_t limit = 500;
    std::string after_id = {};
};

/// Those whose time has come.
struct list_due_workflows {
    timestamp now = {};
    std::size_t limit = 500;
};

struct due_workflows {
    std::vector<std::string> ids;
    /// When the next one is due of those that are not.
    std::optional<timestamp> next = {};
};

// ------------------------------------------------------------------------------------ workflows

/// Begins a workflow. One of the same id that is there already is answered as it is, so that a
/// second try is harmless; `conflict` where that is another user's, kind or input.
struct begin_workflow {
    /// Empty: a new one.
    std::string id = {};
    std::string user_id;
    std::string kind;
    nlohmann::json input = nullptr;
    std::optional<workflow::told_in> origin = {};
    /// The answer waits until it rests (has ended, or waits for somebody) and what has happened is
    /// told in its conversation, unless that has to be tried again later; at most so long. Zero: it
    /// comes once the beginning is on disk.
    std::chrono::milliseconds until_it_rests{0};
};

struct pause_workflow {
    std::string reason = {};
};
struct resume_workflow {};
struct cancel_workflow {
    std::string reason = {};
};
struct skip_step {
    std::string step_id;
};
struct retry_step {
    std::string step_id;
};
struct answer_step {
    std::string step_id;
    nlohmann::json answer = nullptr;
    /// Of the call that gives it, up to 200 characters: a call that is made again finds its answer
    /// by it. Beside the answer, so that none who answers from outside can choose it. Empty: none.
    std::string by = {};
};

using workflow_order = std::variant<pause_workflow, resume_workflow, cancel_workflow, skip_step,
                                    retry_step, answer_step>;

/// What somebody wants done with a workflow.
struct command_workflow {
    std::string id;
    /// Only where it is this user's; empty: an operator's command.
    std::string user_id = {};
    /// Of a guest's command: only where it was begun in one of these.
    std::vector<std::string> conversations = {};
    workflow_order order;
    /// As of `begin_workflow`.
    std::chrono::milliseconds until_it_rests{0};
    /// A guest answers what guests are asked, and does nothing else.
    bool by_guest = false;
};

struct find_workflow {
    std::string id;
    /// As of `command_workflow`.
    std::string user_id = {};
    /// As of `begin_workflow`.
    std::chrono::milliseconds until_it_rests{0};
};

// -------------------------------------------------------------------------------- conversations

/// Events of a workflow, to be told in the conversation in which it was begun.
struct tell_workflow {
    conversation_key key;
    std::string turn_id;
    std::string stream;
    /// Of the stream: its events up to here.
    std::uint64_t version = 0;
    std::vector<event_body> bodies;
    /// Those up to here were told before: `conflict` where another number were.
    std::uint64_t after = 0;
};

}  // namespace perin::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::load_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_workflows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_unfinished_workflows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::list_due_workflows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::begin_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::command_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::find_workflow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perin::runtime::tell_workflow)
