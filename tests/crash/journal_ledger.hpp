#pragma once

#include "persistence/database.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace perin::test {

/// What the journal of the appender's streams held when it was last looked at. Each look goes on
/// from there: whole batches, in their order, each once, versions without a gap.
class journal_ledger {
  public:
    explicit journal_ledger(std::size_t streams) : streams_(streams) {}

    /// What is wrong, as words; empty where nothing is.
    [[nodiscard]] std::string look(persistence::database& db,
                                   const std::vector<std::uint64_t>& acknowledged);
    [[nodiscard]] std::uint64_t records() const;

  private:
    struct stream {
        std::uint64_t version = 0;
        /// The newest batch of each run.
        std::map<std::uint64_t, std::uint64_t> newest;
        /// Of the batch at hand.
        std::uint64_t run = 0;
        std::uint64_t batch = 0;
        std::uint64_t records = 0;
        std::uint64_t missing = 0;
    };

    [[nodiscard]] std::string read_on(persistence::database& db, std::size_t number);
    /// Whether the record comes next.
    [[nodiscard]] static bool follows(stream& one, const std::string& payload);

    std::vector<stream> streams_;
};

}  // namespace perin::test
