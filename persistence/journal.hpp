#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "persistence/streams.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perin::persistence {

/// What one stream gets of a batch. Refers to what the caller keeps.
struct stream_append {
    std::string_view stream;
    /// As in `journal_repository::append`.
    std::uint64_t expected_version = 0;
    std::span<const journal_record> records;
    /// Where the stream has a row of its own (`streams.hpp`), or gets one as it begins.
    const stream_state* state = nullptr;
};

/// The streams of facts. No method begins a transaction: what belongs together is the caller's to
/// put into one.
class journal_repository {
  public:
    explicit journal_repository(database& on) noexcept : on_(on) {}

    /// Writes the records as versions `expected_version + 1` and up; their own `version` is not
    /// looked at. `conflict` where the stream is not at `expected_version`: somebody else wrote, or
    /// it was removed. More than one record needs a transaction around it.
    result<void> append(const std::string& stream, std::uint64_t expected_version,
                        std::span<const journal_record> records);

    /// The same for a stream with a row of its own, which is kept in step: every append to it gives
    /// the state. Without records nothing happens. Needs a transaction around it.
    result<void> append(const std::string& stream, std::uint64_t expected_version,
                        std::span<const journal_record> records, const stream_state& state);

    /// Does many appends as though by `append`, one after the other, in as few statements as the
    /// database is quickest with. A stream may come more than once. Where one of them fails, some
    /// of the others may be written: undo all, and do them one by one. Needs a transaction around
    /// it.
    result<void> append_all(std::span<const stream_append> appends);

    /// Up to `limit` records after a version, oldest first.
    [[nodiscard]] result<std::vector<journal_record>> read(const std::string& stream,
                                                           std::uint64_t after_version,
                                                           std::size_t limit);

    /// Up to `limit` records before a version, newest first.
    [[nodiscard]] result<std::vector<journal_record>> read_back(const std::string& stream,
                                                                std::uint64_t before_version,
                                                                std::size_t limit);

    /// The version of the newest record; 0 where the stream has none.
    [[nodiscard]] result<std::uint64_t> version(const std::string& stream);

    /// Removes a stream: its records, its snapshot and its row; none is fine. Needs a transaction
    /// around it.
    result<void> remove(const std::string& stream);

  private:
    result<void> append_rows(std::span<const stream_append> appends);

    database& on_;
};

}  // namespace perin::persistence
