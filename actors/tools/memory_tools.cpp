#include "actors/fulfil.hpp"
#include "actors/tools/registry.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

using namespace runtime;

namespace {

using nlohmann::json;
using tool_result = result<json>;

constexpr std::chrono::seconds memory_timeout{20};

json remember_schema() {
    return {{"type", "object"},
            {"properties",
             {{"key",
               {{"type", "string"},
                {"minLength", 1},
                {"maxLength", 200},
                {"description", "a short name for the entry; an entry of that key is replaced"}}},
              {"content", {{"type", "string"}, {"minLength", 1}, {"maxLength", 100000}}},
              {"type",
               {{"type", "string"},
                {"minLength", 1},
                {"maxLength", 50},
                {"description", "such as fact, preference, person"}}},
              {"importance", {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}}}},
            {"required", {"key", "content"}},
            {"additionalProperties", false}};
}

json forget_schema() {
    return {{"type", "object"},
            {"properties", {{"key", {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}}}}},
            {"required", {"key"}},
            {"additionalProperties", false}};
}

struct memory_tool_state {
    static constexpr const char* name = "memory tool";
};

using tool_pointer = tool_actor::stateful_pointer<memory_tool_state>;

failure lost() { return {error_code::unavailable, "the memory does not answer"}; }

tool_actor::behavior_type remember(tool_pointer self, memory_actor memory, tool_context context) {
    prepare(self);
    return {
        [=](const tool_run& run) -> caf::result<tool_result> {
            memory_write write{context.caller.id,
                               {},
                               run.arguments.contains("importance"),
                               once_key{context.turn_id, context.call_id}};
            write.entry.key = run.arguments.value("key", "");
            write.entry.content = run.arguments.value("content", "");
            write.entry.type = run.arguments.value("type", "fact");
            write.entry.importance = run.arguments.value("importance", 0.5);
            write.entry.context = "said in a conversation";
            auto promise = owe<tool_result>(self);
            self->request(memory, memory_timeout, std::move(write))
                .then(
                    [=](const result<memory_written>& done) mutable {
                        if (done)
                            fulfil(promise, json{{"key", done->entry.key},
                                                 {"content", done->entry.content},
                                                 {"created", done->created}});
                        else
                            fulfil(promise, done.error());
                        self->quit();
                    },
                    [=](const caf::error&) mutable {
                        fulfil(promise, lost());
                        self->quit();
                    });
            return promise;
        },
    };
}

tool_actor::behavior_type forget(tool_pointer self, memory_actor memory, tool_context context) {
    prepare(self);
    return {
        [=](const tool_run& run) -> caf::result<tool_result> {
            auto key = run.arguments.value("key", "");
            auto promise = owe<tool_result>(self);
            self->request(memory, memory_timeout,
                          memory_erase{context.caller.id,
                                       {key},
                                       false,
                                       once_key{context.turn_id, context.call_id}})
                .then(
                    [=](const result<memory_erased>& done) mutable {
                        if (!done)
                            fulfil(promise, done.error());
                        else if (done->removed == 0)
                            fulfil(promise,
                                   failure{error_code::not_found, "no entry has the key " + key});
                        else
                            fulfil(promise, json{{"key", key}, {"removed", done->removed}});
                        self->quit();
                    },
                    [=](const caf::error&) mutable {
                        fulfil(promise, lost());
                        self->quit();
                    });
            return promise;
        },
    };
}

}  // namespace

std::vector<tool> memory_tools(actor_slot<memory_actor> memory) {
    return {
        {{"memory_remember", "Keeps a fact about the user for later conversations.",
          remember_schema()},
         [memory](caf::actor_system& system, tool_context context) {
             return system.spawn(remember, memory.load(), std::move(context));
         },
         [](const json& arguments) {
             return "Remember " + arguments.value("key", "") + ": " +
                    arguments.value("content", "");
         }},
        {{"memory_forget", "Drops the entry of that key from the user's memory.", forget_schema()},
         [memory](caf::actor_system& system, tool_context context) {
             return system.spawn(forget, memory.load(), std::move(context));
         },
         [](const json& arguments) { return "Forget " + arguments.value("key", ""); }},
    };
}

}  // namespace perin::actors
