#pragma once

#include "actors/delegation/delegation_flow.hpp"
#include "actors/delegation/delegations.hpp"
#include "actors/notifications/notifications.hpp"
#include "actors/store/store_reader.hpp"
#include "actors/workflow/workflows.hpp"
#include "tests/actors/calendar/calendar_world.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perin::test {

/// Takes mails, or does not.
struct post_office {
    std::vector<actors::outgoing_mail> taken;
    /// So many are refused first.
    int out_of_order = 0;
};

struct post_office_state {
    static constexpr const char* name = "post office";
};

inline actors::mailer_actor spawn_post_office(caf::actor_system& system,
                                              std::shared_ptr<post_office> office) {
    return system.spawn(
        [](actors::mailer_actor::stateful_pointer<post_office_state>,
           std::shared_ptr<post_office> of) -> actors::mailer_actor::behavior_type {
            return {[of](const actors::outgoing_mail& one) -> result<void> {
                if (of->out_of_order-- > 0)
                    return failure{error_code::unavailable, "come back later"};
                of->taken.push_back(one);
                return {};
            }};
        },
        std::move(office));
}

/// Links of Anna's, with all that a booking goes through.
struct link_world : calendar_world {
    runtime::actor_slot<runtime::notifications_actor> notifications;
    runtime::actor_slot<runtime::workflows_actor> workflows;
    runtime::actor_slot<actors::mailer_actor> mailer;
    /// Where workflows are told; nobody stands there but in a world of chats.
    runtime::actor_slot<runtime::conversations_actor> conversations;
    std::shared_ptr<post_office> office = std::make_shared<post_office>();
    runtime::delegations_actor delegations;

    ~link_world() { close(); }

    void open(const std::string& driver = "sqlite") {
        close();
        begin(driver);
        spawn_all();
    }

    /// As a crash and a new start: what is not on disk is gone.
    void crash() {
        close();
        stop();
        start();
        spawn_all();
    }

    void spawn_all() {
        const auto& side = sides.front();
        mailer.put(spawn_post_office(system, office));
        actors::notifications_parts told{side.store, side.reader, {}, clock, entropy};
        told.workflows = workflows;
        notifications.put(actors::spawn_notifications(system, told));
        actors::delegation_flow_parts flow{side.reader, side.calendars, notifications, mailer,
                                           clock};
        auto book = std::make_shared<const actors::workflow_book>(
            actors::delegation_workflows(std::move(flow)));
        workflows.put(actors::spawn_workflows(
            system, {side.store, side.reader, conversations, std::move(book), clock, entropy}));
        delegations = actors::spawn_delegations(
            system, {side.store, side.reader, side.calendars, workflows, clock, entropy});
        settle();
    }

    void close() {
        const auto end = [this](auto actor) {
            if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
            settle();
        };
        end(delegations);
        end(workflows.load());
        end(notifications.load());
        end(mailer.load());
        delegations = nullptr;
        workflows.clear();
        notifications.clear();
        mailer.clear();
    }

    runtime::created_link link(nlohmann::json more = nlohmann::json::object()) {
        nlohmann::json body{{"title", "Intro call"}, {"durationsMins", {30, 60}}};
        body.update(more);
        auto made =
            ask<result<runtime::created_link>>(delegations, runtime::create_link{anna, body});
        REQUIRE(made);
        return std::move(*made);
    }

    runtime::book_slot slot(const runtime::created_link& of, const std::string& start,
                            const std::string& who = "Gustav") const {
        runtime::book_slot out;
        out.delegation_id = of.link.id;
        out.user_id = anna.id;
        out.starts_at = at(start);
        out.duration = std::chrono::minutes{30};
        out.who = {who, who + "@example.org", "Europe/Berlin"};
        return out;
    }

    result<runtime::slot_outcome> book(runtime::book_slot wanted) {
        return ask<result<runtime::slot_outcome>>(delegations, std::move(wanted));
    }

    runtime::slot_taken taken(const result<runtime::slot_outcome>& outcome) {
        if (!outcome) FAIL(outcome.error().detail);
        REQUIRE(std::holds_alternative<runtime::slot_taken>(*outcome));
        return std::get<runtime::slot_taken>(*outcome);
    }

    /// The link with its bookings, as it is on disk.
    runtime::found_delegation stands(const runtime::created_link& of) {
        auto db = kept->open_empty();
        runtime::find_delegation wanted;
        wanted.user_id = anna.id;
        wanted.id = of.link.id;
        auto found = actors::store_reader(*db).read(wanted);
        REQUIRE(found);
        return std::move(*found);
    }

    std::vector<notification> told() {
        auto page = ask<result<runtime::notification_page>>(
            notifications.load(), runtime::list_notifications{anna.id, {}, 100});
        REQUIRE(page);
        return std::move(page->items);
    }

    result<notification> decide(const notification& about, const std::string& action) {
        runtime::resolve_notification wanted;
        wanted.user_id = anna.id;
        wanted.id = about.id;
        wanted.action = action;
        auto done = ask<result<notification>>(notifications.load(), std::move(wanted));
        settle();
        return done;
    }
};

}  // namespace perin::test
