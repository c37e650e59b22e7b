#include "runtime/supervision/prepare.hpp"

#include "runtime/log.hpp"
#include "runtime/supervision/end_reason.hpp"

#include <caf/scheduled_actor.hpp>

#include <string>

namespace perin::runtime {

namespace {

caf::result<caf::message> on_unknown(caf::scheduled_actor* self, caf::message_view& got) {
    if (got.content().match_elements<ask_mailbox>())
        return caf::make_message(mailbox_told{waiting_messages(self)});
    log(log_level::warning, "actor.unexpected",
        std::string("a message that \"") + self->name() + "\" does not know was dropped");
    return caf::sec::unexpected_message;
}

}  // namespace

std::size_t waiting_messages(caf::scheduled_actor* self) {
    // Takes in what has come since. `mailbox().size()` would do so as well, but through templates
    // of CAF that cast a list's end to a message, which UBSan reports where they are ours.
    static_cast<void>(self->peek_at_next_mailbox_element());
    return self->get_urgent_queue().total_task_size() + self->get_normal_queue().total_task_size();
}

void prepare(caf::scheduled_actor* self) {
    self->set_exception_handler(
        [](caf::scheduled_actor*, std::exception_ptr& thrown) -> caf::error {
            return thrown_reason(thrown);
        });
    self->set_default_handler(on_unknown);
    self->set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
    self->set_exit_handler([](caf::scheduled_actor* actor, caf::exit_msg& message) {
        if (message.reason) actor->quit(std::move(message.reason));
    });
}

}  // namespace perin::runtime
