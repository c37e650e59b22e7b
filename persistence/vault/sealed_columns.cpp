#include "persistence/vault/sealed_columns.hpp"

#include <array>

namespace perin::persistence {

std::span<const sealed_column> sealed_columns() noexcept {
    static constexpr std::array all = {access_token_column, refresh_token_column, verifier_column};
    return all;
}

}  // namespace perin::persistence
