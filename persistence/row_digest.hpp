#pragma once

#include "persistence/database.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace perin::persistence {

/// A sum over rows that tells whether two tables hold the same ones, whatever their order. The same
/// value gives the same sum in every database.
class row_digest {
  public:
    /// Which columns are compared as JSON: their order of names, white space and ways to write a
    /// number do not count.
    explicit row_digest(std::vector<bool> json) : json_(std::move(json)) {}

    void add(const row& next);

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

    friend bool operator==(const row_digest& a, const row_digest& b) noexcept {
        return a.rows_ == b.rows_ && a.sum_ == b.sum_;
    }

  private:
    std::vector<bool> json_;
    std::uint64_t rows_ = 0;
    std::array<std::uint64_t, 4> sum_{};
};

/// `text` as the one text for its value: names in order, no white space, numbers in one form.
/// Itself where it is not JSON.
[[nodiscard]] std::string canonical_json(const std::string& text);

}  // namespace perin::persistence
