#include "domain/time_grammar/lengths.hpp"

#include "domain/time_grammar/days.hpp"

namespace perin::time_grammar {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using reading = std::optional<length_reading>;

bool is_amount(const tokens& words, std::size_t i) {
    return words.is(i, lexeme::number) || words.is(i, lexeme::count);
}

bool is_one(const tokens& words, std::size_t i) {
    return words.is(i, lexeme::count) && words[i].value == 1;
}

/// "and a half", "and a quarter": minutes of an hour, 0 where it is neither.
int read_rest(const tokens& words, std::size_t i) {
    if (!words.is(i, lexeme::and_) || !is_one(words, i + 1)) return 0;
    if (words.is(i + 2, lexeme::half)) return 30;
    return words.is(i + 2, lexeme::quarter) ? 15 : 0;
}

/// "half an hour", "half-hour", "a quarter of an hour".
reading read_part_of_hour(const tokens& words, std::size_t i) {
    if (is_one(words, i)) ++i;
    const bool half = words.is(i, lexeme::half);
    if (!half && !words.is(i, lexeme::quarter)) return std::nullopt;
    std::size_t next = i + 1;
    if (words.is(next, lexeme::of) || words.is_glued(next, '-')) ++next;
    if (is_one(words, next)) ++next;
    if (!words.is_unit(next, unit::hour)) return std::nullopt;
    return length_reading{next + 1, minutes{half ? 30 : 15}};
}

/// "1.5 hours".
reading read_decimal(const tokens& words, std::size_t i) {
    const bool shaped = words.is(i, lexeme::number) && words.is_glued(i + 1, '.') &&
                        words.is(i + 2, lexeme::number) && words[i + 2].glued &&
                        words.is_unit(i + 3, unit::hour);
    if (!shaped || words[i].digits > 2 || words[i + 2].digits > 2) return std::nullopt;
    const int hundredths = words[i + 2].value * (words[i + 2].digits == 1 ? 10 : 1);
    return length_reading{i + 4, minutes{words[i].value * 60 + hundredths * 60 / 100}};
}

/// "45 minutes", "an hour", "two hours and 15 minutes", "an hour and a half", "two and a half
/// hours", "30-minute".
reading read_counted(const tokens& words, std::size_t i) {
    if (!is_amount(words, i)) return std::nullopt;
    const int rest_before = read_rest(words, i + 1);
    std::size_t next = rest_before > 0 ? i + 4 : i + 1;
    if (words.is_glued(next, '-')) ++next;
    const int amount = words[i].value;
    if (amount < 0 || amount > 1440) return std::nullopt;
    if (words.is_unit(next, unit::minute) && rest_before == 0)
        return length_reading{next + 1, minutes{amount}};
    if (!words.is_unit(next, unit::hour)) return std::nullopt;
    const minutes whole = hours{amount} + minutes{rest_before};
    if (const int rest = read_rest(words, next + 1); rest > 0 && rest_before == 0)
        return length_reading{next + 4, whole + minutes{rest}};
    const std::size_t more = words.is(next + 1, lexeme::and_) ? next + 2 : next + 1;
    if (is_amount(words, more) && words.is_unit(more + 1, unit::minute) && words[more].value >= 0 &&
        words[more].value < 60)
        return length_reading{more + 2, whole + minutes{words[more].value}};
    return length_reading{next + 1, whole};
}

reading read_any(const tokens& words, std::size_t i) {
    auto found = read_part_of_hour(words, i);
    if (!found) found = read_decimal(words, i);
    if (!found) found = read_counted(words, i);
    const bool fits = found && found->length >= minutes{1} && found->length <= hours{24};
    return fits ? found : std::nullopt;
}

}  // namespace

reading read_length(const tokens& words, std::size_t i) {
    if (words.is_known(i, known::for_)) {
        const bool vague = words.is_known(i + 1, known::about) || words.is(i + 1, lexeme::around);
        return read_any(words, vague ? i + 2 : i + 1);
    }
    if (words.is(i, lexeme::of))
        return i > 0 && words.is_known(i - 1, known::meeting) ? read_any(words, i + 1)
                                                              : std::nullopt;
    // "4.30 minute call": not the 30 of it.
    if (i > 0 && words[i].glued) return std::nullopt;
    if (i > 0 && (words.is(i - 1, lexeme::in) || words.is(i - 1, lexeme::number)))
        return std::nullopt;
    const auto found = read_any(words, i);
    if (found && words.is_known(found->next, known::meeting)) return found;
    return std::nullopt;
}

}  // namespace perin::time_grammar
