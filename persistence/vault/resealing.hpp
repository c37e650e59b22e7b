#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"
#include "persistence/vault/sealed_columns.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace perin::persistence {

/// What to do with a sealed value that none of the known secrets opens.
enum class unopened_values {
    /// Leave it: another secret may open it.
    keep,
    /// The secret is lost: remove it.
    remove,
};

/// How many values were sealed again, could not be opened and are still there, and were removed.
struct resealing_counts {
    std::uint64_t sealed = 0;
    std::uint64_t unopened = 0;
    std::uint64_t removed = 0;
    friend bool operator==(const resealing_counts&, const resealing_counts&) = default;
};

/// Seals all values of the database again with the newest secret, beside running programs: in small
/// transactions, and never over a value that was written meanwhile. May end at any moment, and be
/// begun again from the start. One thread.
class resealing {
  public:
    static constexpr std::size_t rows_of_a_batch = 100;

    /// `keys` is for `sealed_columns_purpose`. Both must outlive it.
    resealing(database& on, vault& keys, unopened_values unopened);

    /// From now on the newest secret seals. All that others have sealed is there to be found when
    /// this returns, and they seal nothing more.
    result<void> begin();

    /// Seals one batch again; false where there is nothing left. `conflict` where another secret
    /// has come to seal meanwhile. Where it fails, nothing of the batch is done, and it may be
    /// called again.
    result<bool> step();

    /// Of the batches that are done.
    [[nodiscard]] const resealing_counts& counts() const noexcept { return counts_; }

  private:
    database& on_;
    vault& keys_;
    const unopened_values unopened_;
    const std::string key_id_;
    /// Where the next batch begins: in this column, after this row.
    std::size_t column_ = 0;
    std::string after_;
    resealing_counts counts_;
};

}  // namespace perin::persistence
