#pragma once

#include "domain/account.hpp"
#include "domain/calendar/event_request.hpp"
#include "domain/result.hpp"
#include "runtime/calendar_messages.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace perin::cli {

/// What shows and changes users' calendars: a running server, or the database itself. Answers are
/// those of the server's private routes (`net/front/calendar_json.hpp`). E-mails are normalized.
/// `not_found`: there is no such user.
class calendar_service {
  public:
    virtual ~calendar_service() = default;

    [[nodiscard]] virtual result<user> owner(const std::string& email) = 0;
    /// `user_id` is not looked at.
    [[nodiscard]] virtual result<nlohmann::json> list(const user& owner,
                                                      const runtime::list_entries& wanted) = 0;
    /// That the time is taken is an answer.
    [[nodiscard]] virtual result<nlohmann::json> add(const user& owner,
                                                     const calendar::event_request& wanted,
                                                     bool overlap_allowed) = 0;
    /// Takes over the events of an iCalendar text. `too_large`, `invalid_request`: of the text.
    [[nodiscard]] virtual result<nlohmann::json> import(const user& owner, std::string text) = 0;
    /// All events as an iCalendar text.
    [[nodiscard]] virtual result<std::string> export_all(const user& owner) = 0;
    /// The address of the feed, which is told once; empty where it was ended. `conflict` where one
    /// is to begin and is there.
    [[nodiscard]] virtual result<std::string> change_feed(const user& owner,
                                                          runtime::feed_change how) = 0;
};

}  // namespace perin::cli
