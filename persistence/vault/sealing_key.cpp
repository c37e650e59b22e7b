#include "persistence/vault/sealing_key.hpp"

#include "persistence/decode.hpp"

#include <charconv>

namespace perin::persistence {

namespace {

std::string text_of(const sealing_key& key) { return key.id + " " + std::to_string(key.sealed); }

/// Of the text of `text_of`.
sealing_key key_of(row& from) {
    const auto text = from.take_text(0);
    const auto blank = text.find(' ');
    if (blank == std::string::npos) throw unreadable_row("a sealing key has no count");
    sealing_key key{.id = text.substr(0, blank)};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + blank + 1, end, key.sealed);
    if (error != std::errc{} || rest != end) throw unreadable_row("a sealing key has no count");
    return key;
}

}  // namespace

sealing_key_repository::sealing_key_repository(database& on, std::string_view purpose)
    : on_(on), name_("sealing key of " + std::string(purpose)) {}

result<std::optional<sealing_key>> sealing_key_repository::find() {
    return decode_first<sealing_key>(
        on_.execute("SELECT value FROM settings WHERE name = $1", {name_}), key_of);
}

result<sealing_key> sealing_key_repository::hold(const std::string& otherwise) {
    // Writing what is there already holds the row until the transaction's end: whoever else comes
    // waits here, and then sees what was written.
    const auto held = on_.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = settings.value",
        {name_, text_of({.id = otherwise})});
    if (!held) return held.error();
    auto found = find();
    if (!found) return found.error();
    if (!*found) return unreadable();
    return std::move(**found);
}

result<void> sealing_key_repository::put(const sealing_key& key) {
    return done(
        on_.execute("UPDATE settings SET value = $2 WHERE name = $1", {name_, text_of(key)}));
}

result<std::string> sealing_key_repository::claim(vault& keys, std::uint64_t count) {
    auto key = hold(keys.newest());
    if (!key) return key.error();
    if (!keys.knows(key->id)) {
        return failure{error_code::unavailable, "the secret that seals now is not known here"};
    }
    if (key->sealed + count > most_seals_of_a_key) {
        return failure{error_code::unavailable,
                       "the secret has sealed as many values as it may: it has to be replaced"};
    }
    key->sealed += count;
    if (auto counted = put(*key); !counted) return counted.error();
    return std::move(key->id);
}

result<void> sealing_key_repository::replace(const std::string& key_id) {
    const auto key = hold(key_id);
    if (!key) return key.error();
    // One that seals already goes on counting.
    if (key->id == key_id) return {};
    return put({.id = key_id});
}

}  // namespace perin::persistence
