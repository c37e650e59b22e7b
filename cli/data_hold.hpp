#pragma once

#include "domain/result.hpp"
#include "runtime/configuration.hpp"

#include <filesystem>
#include <optional>
#include <utility>

namespace perin::cli {

enum class hold_mode {
    /// Of whoever uses the embedded database, the server above all.
    shared,
    /// Of whoever exchanges it for another one.
    exclusive,
};

/// Holds the embedded database for as long as it lives, however the process ends (`flock` on the
/// file `perin.lock` beside it): a database must not be exchanged under somebody who has opened it,
/// or is about to.
class data_hold {
  public:
    /// `conflict` where another program's hold is in the way; it does not wait. The folder must be
    /// there.
    [[nodiscard]] static result<data_hold> take(const std::filesystem::path& data, hold_mode mode);

    data_hold(data_hold&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    data_hold& operator=(data_hold&&) = delete;
    ~data_hold();

  private:
    explicit data_hold(int descriptor) noexcept : descriptor_(descriptor) {}

    int descriptor_;
};

/// The shared hold of whoever is about to open the configured database, for as long as it is open.
/// PostgreSQL's needs none.
[[nodiscard]] result<std::optional<data_hold>> shared_use(
    const runtime::configuration& configuration);

}  // namespace perin::cli
