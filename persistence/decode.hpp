#pragma once

#include "persistence/database.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace perin::persistence {

[[nodiscard]] inline failure unreadable() {
    return {error_code::internal, "the database holds something that cannot be read"};
}

/// All rows of an answer, each read by `decode`, which may take the texts out of its row.
template <class T>
result<std::vector<T>> decode_all(result<rows> answer, T (*decode)(row&)) {
    if (!answer) return answer.error();
    try {
        std::vector<T> all;
        all.reserve(answer->size());
        for (row& each : *answer) all.push_back(decode(each));
        return all;
    } catch (const unreadable_row&) {
        return unreadable();
    }
}

/// The first row of an answer; nothing where it has none.
template <class T>
result<std::optional<T>> decode_first(result<rows> answer, T (*decode)(row&)) {
    auto all = decode_all<T>(std::move(answer), decode);
    if (!all) return all.error();
    if (all->empty()) return std::optional<T>();
    return std::optional<T>(std::move(all->front()));
}

/// The one row that an answer such as `SELECT COUNT(*)` always has.
template <class T>
result<T> decode_only(result<rows> answer, T (*decode)(row&)) {
    auto first = decode_first<T>(std::move(answer), decode);
    if (!first) return first.error();
    if (!first->has_value()) return unreadable();
    return std::move(**first);
}

/// Success, whatever the answer.
inline result<void> done(const result<rows>& answer) {
    if (!answer) return answer.error();
    return {};
}

/// Success where the statement that `answer` is of, the last one on `on`, touched a row, else
/// `otherwise`.
inline result<void> done_or(const database& on, const result<rows>& answer, failure otherwise) {
    if (!answer) return answer.error();
    if (on.changed() == 0) return otherwise;
    return {};
}

/// How many rows that statement touched.
inline result<std::size_t> touched(const database& on, const result<rows>& answer) {
    if (!answer) return answer.error();
    return on.changed();
}

}  // namespace perin::persistence
