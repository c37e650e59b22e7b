#include "actors/delegation/smtp_mailer.hpp"

#include "domain/mail_address.hpp"
#include "net/smtp/mail_text.hpp"
#include "runtime/messages.hpp"
#include "runtime/supervision/prepare.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::actors {

namespace {

/// Mails that wait; one more is `unavailable`.
constexpr std::size_t most_waiting = 1'000;

struct mailer_state {
    static constexpr const char* name = "mailer";
};

mailer_actor::behavior_type mailer(mailer_actor::stateful_pointer<mailer_state> self,
                                   const smtp_mailer_parts& parts) {
    runtime::prepare(self);
    return {
        [self, parts](const outgoing_mail& wanted) -> result<void> {
            if (runtime::waiting_messages(self) > most_waiting ||
                parts.clock->now() > wanted.begin_by)
                return failure{error_code::unavailable, "too many mails wait"};
            const net::mail_parts of{parts.from, wanted.to,         wanted.subject,    wanted.text,
                                     wanted.ics, wanted.message_id, parts.clock->now()};
            const auto text = net::mail_text(of);
            if (!text) return text.error();
            return net::send_mail(parts.server, mail_address(wanted.to), *text);
        },
    };
}

}  // namespace

mailer_actor spawn_smtp_mailer(caf::actor_system& system, smtp_mailer_parts parts, bool detached) {
    return detached ? system.spawn<caf::detached>(mailer, std::move(parts))
                    : system.spawn(mailer, std::move(parts));
}

}  // namespace perin::actors
