#pragma once

#include "actors/calendar/owner_calendar.hpp"
#include "cli/calendar_service.hpp"
#include "persistence/database.hpp"
#include "runtime/clock.hpp"

#include <functional>
#include <optional>

namespace perin::cli {

/// `calendar_service` on the database itself, by the rules of the owner's calendar. Blocks; one
/// thread at a time. What is given must outlive it.
class local_calendar : public calendar_service {
  public:
    /// `url`: where the server is to be found, for addresses of feeds.
    local_calendar(persistence::database& on, const runtime::wall_clock& clock,
                   runtime::entropy& random, std::string url)
        : on_(on), clock_(clock), random_(random), url_(std::move(url)) {}

    [[nodiscard]] result<user> owner(const std::string& email) override;
    [[nodiscard]] result<nlohmann::json> list(const user& owner,
                                              const runtime::list_entries& wanted) override;
    [[nodiscard]] result<nlohmann::json> add(const user& owner,
                                             const calendar::event_request& wanted,
                                             bool overlap_allowed) override;
    [[nodiscard]] result<nlohmann::json> import(const user& owner, std::string text) override;
    [[nodiscard]] result<std::string> export_all(const user& owner) override;
    [[nodiscard]] result<std::string> change_feed(const user& owner,
                                                  runtime::feed_change how) override;

  private:
    template <class Answer>
    using decide_on = std::function<actors::decision<Answer>(const actors::owner_calendar&,
                                                             const actors::decision_sources&)>;

    [[nodiscard]] result<actors::owner_calendar> load(const user& owner);
    [[nodiscard]] actors::decision_sources sources();
    /// Decides and commits; again where somebody else has changed the calendar meanwhile. `on` is
    /// what it is decided on, loaded where there is none, and kept as it became.
    template <class Answer>
    [[nodiscard]] result<Answer> carry_out(const user& owner,
                                           std::optional<actors::owner_calendar>& on,
                                           const decide_on<Answer>& decide);

    persistence::database& on_;
    const runtime::wall_clock& clock_;
    runtime::entropy& random_;
    std::string url_;
};

}  // namespace perin::cli
