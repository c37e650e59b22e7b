#pragma once

#include "domain/notification.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/page.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

using notification_row = notification;

/// What users are told. No method begins a transaction.
class notification_repository {
  public:
    explicit notification_repository(database& on) noexcept : on_(on) {}

    /// `conflict` where the id is taken. `state`, `resolution` and `closed_at` are not looked at.
    result<void> create(const notification_row& fresh);

    [[nodiscard]] result<std::optional<notification_row>> find(const std::string& user_id,
                                                               const std::string& id);

    /// Newest `created_at` first, of equal ones the higher id first; those in a state, or all.
    /// `invalid_request` with parameter `cursor` where that is not ours.
    [[nodiscard]] result<page<notification_row>> list(
        const std::string& user_id, const std::optional<notification_state>& state,
        std::size_t limit, const std::optional<std::string>& cursor);

    /// Closes an open one; of two callers only one does. `not_found` where there is none,
    /// `conflict` where it is resolved, `gone` where it has expired, also when nobody has written
    /// that yet.
    result<void> resolve(const std::string& user_id, const std::string& id,
                         const std::string& resolution, timestamp now);

    /// Closes up to `limit` open ones whose time is over, and gives them, by expiry.
    result<std::vector<notification_row>> expire(timestamp now, std::size_t limit);

    /// When the next open one expires; nothing where none does.
    [[nodiscard]] result<std::optional<timestamp>> next_expiry();

  private:
    database& on_;
};

}  // namespace perin::persistence
