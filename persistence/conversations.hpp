#pragma once

#include "domain/conversation_list.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/page.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

/// The journal's stream of a conversation. The owner is in it because two users may choose the same
/// id.
[[nodiscard]] std::string conversation_stream(std::string_view user_id,
                                              std::string_view conversation_id);

/// Where a turn is in its conversation's stream.
struct turn_row {
    std::string turn_id;
    std::string user_id;
    std::string conversation_id;
    std::uint64_t accepted_version = 0;
    /// Nothing while it runs or waits.
    std::optional<std::uint64_t> ended_version = {};
    std::string user_message_id = {};
    std::string assistant_message_id = {};
    friend bool operator==(const turn_row&, const turn_row&) = default;
};

struct conversation_row {
    std::string user_id;
    conversation_summary summary = {};
    /// Its id stays taken, its title is empty.
    bool deleted = false;
    /// The link whose guest it is with; empty: it is its user's own.
    std::string delegation_id = {};
    friend bool operator==(const conversation_row&, const conversation_row&) = default;
};

/// What is known of conversations and turns beside their journal. No method begins a transaction.
class conversation_repository {
  public:
    explicit conversation_repository(database& on) noexcept : on_(on) {}

    /// Also one that was deleted.
    [[nodiscard]] result<std::optional<conversation_row>> find(const std::string& user_id,
                                                               const std::string& conversation_id);

    /// `conflict` where it exists, deleted or not. `deleted` of the row is not looked at.
    result<void> begin(const conversation_row& fresh);

    /// `not_found` where it does not exist or is deleted.
    result<void> touch(const std::string& user_id, const std::string& conversation_id,
                       timestamp updated_at, std::uint64_t last_seq);

    /// Newest `created_at` first, of equal ones the higher id first; deleted ones are left out.
    /// `invalid_request` with parameter `cursor` where that is not ours.
    [[nodiscard]] result<page<conversation_summary>> list(const std::string& user_id,
                                                          std::size_t limit,
                                                          const std::optional<std::string>& cursor);

    /// Leaves a tombstone without a title, so that the id stays taken. The journal and the turns
    /// are the caller's to remove in the same transaction (`journal_repository::remove`,
    /// `forget_turns`). `not_found` where it does not exist or is deleted already.
    result<void> remove(const std::string& user_id, const std::string& conversation_id,
                        timestamp now);

    /// Removes all its turns and the results of their tools; none is fine.
    result<void> forget_turns(const std::string& user_id, const std::string& conversation_id);

    /// `conflict` where it exists.
    result<void> insert_turn(const turn_row& fresh);

    /// `conflict` where there is no such turn, or it has ended.
    result<void> end_turn(const std::string& turn_id, std::uint64_t ended_version);

    [[nodiscard]] result<std::optional<turn_row>> find_turn(const std::string& turn_id);

    /// Up to `limit` turns accepted before a version, newest first.
    [[nodiscard]] result<std::vector<turn_row>> turns_before(const std::string& user_id,
                                                             const std::string& conversation_id,
                                                             std::uint64_t before_accepted_version,
                                                             std::size_t limit);

    /// The turn that a message, of the user or the assistant, belongs to.
    [[nodiscard]] result<std::optional<turn_row>> turn_of_message(
        const std::string& user_id, const std::string& conversation_id,
        const std::string& message_id);

    /// Up to `limit` turns of all users that have not ended, by id, after a given one (empty: from
    /// the first).
    [[nodiscard]] result<std::vector<turn_row>> unfinished(std::size_t limit,
                                                           const std::string& after_turn_id);

  private:
    database& on_;
};

}  // namespace perin::persistence
