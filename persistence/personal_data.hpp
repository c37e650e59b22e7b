#pragma once

#include "domain/result.hpp"
#include "persistence/database.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace perin::persistence {

/// Gets one row of a person's, with its table: a JSON object in one line, its keys the columns.
/// False ends it. Must not use the connection.
using take_personal_row = std::function<bool(std::string_view table, const std::string& row)>;

/// Everything that is kept of a user, table by table, from the account to the journal; never a
/// password's or a token's hash, nor a sealed token. A row at a time, however many there are.
/// A transaction around it gives all tables of one moment. `not_found` where there is no such user.
[[nodiscard]] result<void> export_personal_data(database& on, const std::string& user_id,
                                                const take_personal_row& take);

/// Removes every row of a user's, in all tables; says how many there were. What is another
/// user's too stays for that one, under an id that nobody has. Needs a transaction around it.
/// `not_found` where there is no such user.
result<std::size_t> erase_personal_data(database& on, const std::string& user_id);

}  // namespace perin::persistence
