#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "domain/time.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perin::persistence {

/// What the records of a stream up to a version come to.
struct stream_snapshot {
    std::uint64_t version = 0;
    std::string payload;
    timestamp at = {};
    friend bool operator==(const stream_snapshot&, const stream_snapshot&) = default;
};

/// A stream as it is taken up again.
struct loaded_stream {
    std::optional<stream_snapshot> snapshot;
    /// Those after the snapshot, oldest first.
    std::vector<journal_record> records;
};

/// Shortcuts through long streams: one snapshot a stream, the newest. No method begins a
/// transaction.
class snapshot_repository {
  public:
    explicit snapshot_repository(database& on) noexcept : on_(on) {}

    /// Keeps the snapshot in place of an older one; false where the one that is there is as new.
    /// `conflict` where the stream has no record of that version.
    result<bool> write(const std::string& stream, const stream_snapshot& fresh);

    [[nodiscard]] result<std::optional<stream_snapshot>> find(const std::string& stream);

    /// The snapshot and up to `limit` records after it; without a snapshot from the first record.
    /// Right also while somebody else writes a snapshot and prunes. `internal` where records are
    /// missing that no snapshot covers.
    [[nodiscard]] result<loaded_stream> load(const std::string& stream, std::size_t limit);

    /// Removes records up to a version, as far as the snapshot covers them; how many there were.
    /// The newest record always stays: the next one is checked against it.
    result<std::size_t> prune(const std::string& stream, std::uint64_t up_to_version);

  private:
    database& on_;
};

}  // namespace perin::persistence
