#pragma once

#include "domain/journal.hpp"
#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace perin::persistence {

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

    /// Removes all records of a stream; none is fine.
    result<void> remove(const std::string& stream);

  private:
    database& on_;
};

}  // namespace perin::persistence
