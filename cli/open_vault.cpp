#include "cli/open_vault.hpp"

#include "persistence/vault/sealed_columns.hpp"
#include "runtime/secret_file.hpp"

#include <string>

namespace perin::cli {

result<std::shared_ptr<persistence::vault>> open_vault(const runtime::configuration& configuration,
                                                       runtime::entropy& random) {
    if (configuration.secret.empty()) {
        if (const auto kept = runtime::kept_secret(configuration.data, random); !kept) {
            return kept.error();
        }
    }
    // Of the configuration only what names the secrets: the vault outlives it. Makes none: one that
    // was removed under a running program must not be replaced by another.
    runtime::configuration named;
    named.data = configuration.data;
    named.secret = configuration.secret;
    named.secret_previous = configuration.secret_previous;
    return persistence::vault::make(
        std::string(persistence::sealed_columns_purpose),
        [named = std::move(named)] { return runtime::known_secrets(named); });
}

}  // namespace perin::cli
