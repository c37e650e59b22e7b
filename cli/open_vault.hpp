#pragma once

#include "domain/result.hpp"
#include "persistence/vault/vault.hpp"
#include "runtime/clock.hpp"
#include "runtime/configuration.hpp"

#include <memory>

namespace perin::cli {

/// The vault for the sealed columns of the database, with the secrets that the configuration knows.
/// Where `PERIN_SECRET` is unset and none is kept yet, one is made. Meeting a key that it does not
/// know, the vault reads the kept secrets again: `perin secrets rotate` may have replaced them.
[[nodiscard]] result<std::shared_ptr<persistence::vault>> open_vault(
    const runtime::configuration& configuration, runtime::entropy& random);

}  // namespace perin::cli
