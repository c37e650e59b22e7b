#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace perin::persistence {

/// What a table's rows are to a person.
enum class personal_kind : std::uint8_t {
    /// Theirs alone: exported, and gone when they are erased.
    theirs,
    /// Of two people: exported; stays for the other one without a trace of who is erased.
    shared,
    /// Of the program: nobody's.
    nobodys,
};

/// How a column is exported.
enum class personal_format : std::uint8_t {
    /// A text or a number.
    plain,
    /// JSON text, which becomes a part of the document.
    document,
    /// Milliseconds, which become RFC 3339.
    time,
    /// 0 or 1.
    flag,
    /// A hash or a sealed secret: never leaves the database.
    withheld,
};

struct personal_column {
    std::string_view name;
    personal_format format = personal_format::plain;
};

/// One table, as the export and the erasure of a person see it.
struct personal_table {
    std::string_view name;
    personal_kind kind = personal_kind::nobodys;
    /// Every column it has.
    std::span<const personal_column> columns = {};
    /// Which rows are theirs, where `$1` is the user.
    std::string_view rows = {};
    /// The order in which they are exported.
    std::string_view order = {};
    /// What erases them, where a `DELETE` of those rows is not enough.
    std::span<const std::string_view> erase = {};
};

/// All tables of the schema, each before those that its rows are found by or refer to: in this
/// order they are erased. A migration that adds a table or a column adds it here, which a test
/// holds.
[[nodiscard]] std::span<const personal_table> personal_tables() noexcept;

}  // namespace perin::persistence
