#include "actors/workflow/workflows.hpp"

#include "actors/workflow/orchestration_flow.hpp"
#include "actors/workflow/workflows_flow.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

orchestration_actor::behavior_type orchestration(orchestration_flow::pointer self,
                                                 std::shared_ptr<const workflows_parts> parts,
                                                 std::string id, workflows_parent parent,
                                                 bool fresh) {
    prepare(self);
    auto& flow = self->state;
    flow.begin(self, std::move(parts), std::move(id), std::move(parent), fresh);
    return {
        [&flow](begin_workflow& wanted) {
            auto answer = flow.on_begin(wanted);
            flow.handled();
            return answer;
        },
        [&flow](command_workflow& wanted) {
            auto answer = flow.on_command(wanted);
            flow.handled();
            return answer;
        },
        [&flow](const find_workflow& wanted) {
            auto answer = flow.on_find(wanted);
            flow.handled();
            return answer;
        },
        [&flow](attempt_progressed& what) { flow.on_progress(what); },
        [&flow](attempt_ended& what) { flow.on_end(what); },
        [&flow](wake_workflow) {
            flow.on_tick();
            flow.handled();
        },
        [&flow](const forget_user& what) {
            flow.on_forget(what);
            flow.handled();
        },
        [&flow](tick) { flow.on_tick(); },
    };
}

workflows_parent::behavior_type workflows(workflows_flow::pointer self, workflows_parts parts) {
    prepare(self);
    auto& flow = self->state;
    flow.begin(self, std::move(parts));
    return {
        [&flow](begin_workflow& wanted) { return flow.on_begin(wanted); },
        [&flow](command_workflow& wanted) { return flow.on_command(wanted); },
        [&flow](find_workflow& wanted) { return flow.on_find(wanted); },
        [&flow](const forget_user& what) { flow.on_forget(what); },
        [&flow](tick) { flow.on_tick(); },
        [&flow](const describe_actors& what) { return flow.describe(what); },
        [&flow](const workflow_rests& what) { flow.on_rests(what); },
        [&flow](const revive_workflow& what) { flow.revive(what.id); },
        [&flow](look_for_due) { flow.on_look(); },
    };
}

}  // namespace

orchestration_actor spawn_orchestration(caf::actor_system& system,
                                        std::shared_ptr<const workflows_parts> parts,
                                        std::string id, workflows_parent parent, bool fresh) {
    return system.spawn(orchestration, std::move(parts), std::move(id), std::move(parent), fresh);
}

workflows_actor spawn_workflows(caf::actor_system& system, workflows_parts parts) {
    return system.spawn(workflows, std::move(parts));
}

}  // namespace perin::actors
