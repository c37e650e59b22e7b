#include "persistence/settings.hpp"

#include "persistence/decode.hpp"

namespace perin::persistence {

namespace {

std::string text_of(row& from) { return from.take_text(0); }

}  // namespace

result<std::optional<std::string>> settings_repository::find(const std::string& name) {
    return decode_first<std::string>(
        on_.execute("SELECT value FROM settings WHERE name = $1", {name}), text_of);
}

result<void> settings_repository::put(const std::string& name, const std::string& text) {
    return done(
        on_.execute("INSERT INTO settings (name, value) VALUES ($1, $2) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    {name, text}));
}

}  // namespace perin::persistence
