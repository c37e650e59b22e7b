#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"
#include "persistence/page.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

struct stream_row {
    std::string stream;
    stream_state what;
    /// That of the journal.
    std::uint64_t version = 0;
    timestamp created_at = {};
    timestamp updated_at = {};
    /// Its events up to this version are told in its conversation.
    std::uint64_t told = 0;
    friend bool operator==(const stream_row&, const stream_row&) = default;
};

/// A stream that moves on.
struct stream_move {
    std::string_view stream;
    /// 0: it begins.
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    const stream_state* what = nullptr;
    timestamp at = {};
};

/// The last stream of a page of a list.
struct stream_position {
    timestamp created_at = timestamp::max();
    std::string stream;
};

/// Streams by their state. They are written by `journal_repository` together with the records. No
/// method begins a transaction.
class stream_repository {
  public:
    explicit stream_repository(database& on) noexcept : on_(on) {}

    [[nodiscard]] result<std::optional<stream_row>> find(const std::string& stream);

    /// Up to `limit` streams of a kind that are in a state, by name, after a given one (empty: from
    /// the first).
    [[nodiscard]] result<std::vector<stream_row>> in_state(const std::string& kind,
                                                           const std::string& state,
                                                           std::size_t limit,
                                                           const std::string& after_stream);

    /// Up to `limit` streams of a kind that have something to tell, by name, after a given one.
    [[nodiscard]] result<std::vector<stream_row>> untold(const std::string& kind, std::size_t limit,
                                                         const std::string& after_stream);

    /// Newest first. An empty user or state: any. `after`: where an earlier page ended.
    [[nodiscard]] result<std::vector<stream_row>> list(const std::string& kind,
                                                       const std::string& user_id,
                                                       const std::string& state, std::size_t limit,
                                                       const stream_position& after);

    /// Notes that the events after one version, to another, are told; `conflict` where those up to
    /// the first are not all that were.
    result<void> tell(const std::string& stream, std::uint64_t after, std::uint64_t version);

    /// Keeps the rows in step. No stream comes twice. `conflict` where one that begins is there, or
    /// one that goes on is not at its version `from`.
    result<void> move(std::span<const stream_move> moves);

  private:
    result<void> move_one(const stream_move& each);

    database& on_;
};

}  // namespace perin::persistence
