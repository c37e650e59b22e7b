#include "domain/time_grammar/clocks.hpp"

#include <array>

namespace perin::time_grammar {

namespace {

constexpr int noon = 12 * 60;
constexpr int whole_day = 24 * 60;

/// One time as it was said.
struct said_clock {
    std::size_t next = 0;
    /// By the rule for open hours where it is open.
    int minutes = 0;
    bool open = false;
    /// 'a' or 'p' where said.
    char meridiem = 0;
    /// More than a lone number.
    bool explicit_form = false;
};

using said = std::optional<said_clock>;

/// 1 to 7 is the afternoon, 8 to 11 the morning, 12 noon.
int by_rule(int hour, int minute) { return (hour <= 7 ? hour + 12 : hour) * 60 + minute; }

int by_meridiem(int hour, int minute, char meridiem) {
    return (hour % 12 + (meridiem == 'p' ? 12 : 0)) * 60 + minute;
}

/// am, pm, a.m., p.m.; 0 where there is none.
char read_meridiem(const tokens& words, std::size_t& next) {
    if (words.is(next, lexeme::meridiem)) return static_cast<char>(words[next++].value);
    // "a" is known as a count, "p" and "m" are words of one letter.
    const bool dotted = words[next].length == 1 && words.is_glued(next + 1, '.') &&
                        words.is(next + 2, lexeme::word) && words[next + 2].length == 1 &&
                        words[next + 2].glued;
    if (!dotted) return 0;
    const bool morning = words.is(next, lexeme::count);
    if (!morning && !words.is(next, lexeme::word)) return 0;
    next += words.is_glued(next + 3, '.') ? 4 : 3;
    return morning ? 'a' : 'p';
}

bool is_minute(const token& read) {
    return read.kind == lexeme::number && read.digits == 2 && read.value <= 59 && read.glued;
}

int hour_of(const token& read) {
    const bool fits = (read.kind == lexeme::number && read.digits <= 2 && read.value <= 24) ||
                      (read.kind == lexeme::count && !read.doubtful && read.value <= 12);
    return fits ? read.value : -1;
}

/// `15:30`, "3pm", "3:15 p.m.", "three o'clock", "3".
said read_digits(const tokens& words, std::size_t i) {
    const int hour = hour_of(words[i]);
    if (hour < 0) return std::nullopt;
    const bool spelled = words.is(i, lexeme::count);
    said_clock read{.next = i + 1};
    int minute = 0;
    const bool colon = words.is_glued(i + 1, ':');
    if (!spelled && (colon || words.is_glued(i + 1, '.')) && is_minute(words[i + 2])) {
        minute = words[i + 2].value;
        read.next = i + 3;
        read.explicit_form = colon;
        if (colon && words.is_glued(i + 3, ':') && is_minute(words[i + 4])) read.next = i + 5;
    } else if (colon && words[i + 2].kind == lexeme::number && words[i + 2].glued) {
        return std::nullopt;
    }
    read.meridiem = read_meridiem(words, read.next);
    if (read.meridiem != 0) {
        if (hour < 1 || hour > 12) return std::nullopt;
        read.explicit_form = true;
        read.minutes = by_meridiem(hour, minute, read.meridiem);
        return read;
    }
    if (words.is(read.next, lexeme::oclock)) {
        read.explicit_form = true;
        ++read.next;
    } else if (words[read.next].length == 1 && words.is_glued(read.next + 1, '\'') &&
               words[read.next + 2].length == 5 && words[read.next + 2].glued) {
        read.explicit_form = true;  // o'clock
        read.next += 3;
    }
    if (hour * 60 + minute > whole_day) return std::nullopt;
    const bool as_written =
        hour == 0 || hour > 12 || (!spelled && words[i].digits == 2 && hour < 10);
    read.open = !as_written;
    read.minutes = as_written ? hour * 60 + minute : by_rule(hour, minute);
    return read;
}

/// "half past four", "quarter to nine", "ten past three", "20 minutes to 5 pm".
said read_spoken(const tokens& words, std::size_t i, bool after_at) {
    std::size_t next = i;
    if (words.is(next, lexeme::count) && words[next].doubtful &&
        words.is(next + 1, lexeme::quarter))
        ++next;
    int shift = 0;
    bool sure = after_at;
    if (words.is(next, lexeme::half)) {
        shift = 30;
    } else if (words.is(next, lexeme::quarter)) {
        shift = 15;
        sure = true;
    } else if ((words.is(next, lexeme::count) && !words[next].doubtful) ||
               (words.is(next, lexeme::number) && words.is_unit(next + 1, unit::minute))) {
        shift = words[next].value;
    }
    if (shift < 1 || shift > 30) return std::nullopt;
    const bool half = words.is(next, lexeme::half);
    ++next;
    if (words.is_unit(next, unit::minute)) {
        ++next;
        sure = true;
    }
    const bool before = words.is(next, lexeme::to) && words[next].value == 0;
    if (before ? (half || !sure) : !words.is(next, lexeme::past)) return std::nullopt;
    const auto hour = read_digits(words, next + 1);
    if (!hour || hour->minutes % 60 != 0) return std::nullopt;
    said_clock read = *hour;
    read.explicit_form = true;
    read.minutes += before ? -shift : shift;
    // "Quarter to eight" is in the morning as eight is, "quarter to one" in the afternoon.
    if (read.minutes < 0) read.minutes += whole_day;
    return read;
}

said read_one(const tokens& words, std::size_t i, bool after_at) {
    if (words.is(i, lexeme::noon)) return said_clock{i + 1, noon, false, 'p', true};
    if (words.is(i, lexeme::midnight)) return said_clock{i + 1, whole_day, false, 'a', true};
    if (auto read = read_spoken(words, i, after_at)) return read;
    return read_digits(words, i);
}

/// Whether a lone number before token `i` can be an hour: not "at 3 percent", "3.5", "3/4".
bool ends_hour(const tokens& words, std::size_t i, bool strict) {
    const auto& after = words[i];
    if (after.kind == lexeme::symbol && after.glued) {
        const auto c = after.value;
        const bool within_number = words[i + 1].glued && (words.is(i + 1, lexeme::number) ||
                                                          words.is(i + 1, lexeme::ordinal));
        return c != '%' && c != '$' && c != '@' && !(within_number && c != ')');
    }
    if (after.kind == lexeme::word) return !strict && !after.glued;
    return after.kind != lexeme::unit && after.kind != lexeme::measure &&
           after.kind != lexeme::month && after.kind != lexeme::number &&
           after.kind != lexeme::ordinal;
}

/// Both ends as minutes, the end after the start.
clock_reading resolved(const said_clock& from, const said_clock& until) {
    constexpr int half_day = whole_day / 2;
    int start = from.minutes;
    int end = until.minutes;
    if (until.open) {
        end %= half_day;
        while (end <= start) end += half_day;
    } else if (from.open && until.meridiem != 0) {
        const bool same_half = start % half_day < end % half_day;
        const bool afternoon = (until.meridiem == 'p') == same_half;
        start = start % half_day + (afternoon ? half_day : 0);
        // Noon and midnight close the half before them.
        if (end <= start) end += whole_day;
    } else if (end <= start) {
        if (from.open && start - half_day >= 0 && start - half_day < end)
            start -= half_day;
        else
            end += whole_day;
    }
    return {.next = until.next, .start = start, .end = end, .open = from.open && until.open};
}

bool joins(const tokens& words, std::size_t i, bool between) {
    if (between) return words.is(i, lexeme::and_);
    return words.is(i, lexeme::to) || words.is_symbol(i, '-');
}

/// How much the words before a number make it a time.
enum class opening { none, strong, weak, range, between };

opening opening_of(const tokens& words, std::size_t i) {
    switch (words[i].kind) {
        case lexeme::at:
            return opening::strong;
        case lexeme::around:
            return opening::weak;
        case lexeme::to:
            return words[i].value == 1 ? opening::weak : opening::none;
        case lexeme::from:
            return opening::range;
        case lexeme::between:
            return opening::between;
        case lexeme::symbol:
            return words[i].value == '@' ? opening::strong : opening::none;
        default:
            return opening::none;
    }
}

}  // namespace

std::optional<clock_reading> read_clock(const tokens& words, std::size_t i) {
    auto how = opening_of(words, i);
    if (how != opening::none || words.is(i, lexeme::after) || words.is(i, lexeme::before)) ++i;
    if (how == opening::strong && opening_of(words, i) == opening::weak) ++i;
    if (how == opening::range && words.is(i, lexeme::at)) ++i;
    const auto first = read_one(words, i, how == opening::strong);
    if (!first) return std::nullopt;
    const bool between = how == opening::between;
    if (joins(words, first->next, between)) {
        const std::size_t after =
            words.is(first->next + 1, lexeme::at) ? first->next + 2 : first->next + 1;
        const auto second = read_one(words, after, false);
        const bool sure = second && (first->explicit_form || second->explicit_form);
        const bool plain = second && how != opening::none && ends_hour(words, second->next, true);
        if (sure ? second->explicit_form || ends_hour(words, second->next, true) : plain)
            return resolved(*first, *second);
    }
    if (between) return std::nullopt;
    const bool daytime_follows =
        words.is(first->next, lexeme::tonight) || read_part(words, first->next, false).has_value();
    if (!first->explicit_form && !daytime_follows) {
        if (how == opening::none || !ends_hour(words, first->next, how != opening::strong))
            return std::nullopt;
        // "From 3 on" is a beginning as "at 3" is; "from 3 people" is not.
        if (how == opening::range && !words.is(first->next, lexeme::on)) return std::nullopt;
    }
    return clock_reading{.next = first->next, .start = first->minutes, .open = first->open};
}

clock_reading within(clock_reading clock, part daytime) {
    if (!clock.open) return clock;
    constexpr int half_day = whole_day / 2;
    const int hour = clock.start % half_day / 60;
    int start = clock.start % half_day;
    switch (daytime) {
        case part::morning:
            break;
        case part::afternoon:
            start = hour >= 8 ? clock.start : start + half_day;
            break;
        case part::evening:
            start += hour == 0 ? whole_day : half_day;
            break;
        case part::night:
        case part::tonight:
            start += hour < 6 ? whole_day : half_day;
            break;
    }
    if (clock.end) *clock.end += start - clock.start;
    clock.start = start;
    return clock;
}

part_bounds bounds_of(part daytime) {
    constexpr std::array<part_bounds, 5> bounds{part_bounds{6 * 60, noon},
                                                {noon, 18 * 60},
                                                {18 * 60, 22 * 60},
                                                {22 * 60, 30 * 60},
                                                {18 * 60, whole_day}};
    return bounds[static_cast<std::size_t>(daytime)];
}

std::optional<part_reading> read_part(const tokens& words, std::size_t i, bool after_day) {
    std::size_t at = i;
    if (words.is(at, lexeme::in) && words.is(at + 1, lexeme::the))
        at += 2;
    else if (words.is(at, lexeme::at) && words.is(at + 1, lexeme::part))
        ++at;
    else if (!after_day)
        return std::nullopt;
    if (!words.is(at, lexeme::part)) return std::nullopt;
    return part_reading{at + 1, static_cast<part>(words[at].value)};
}

}  // namespace perin::time_grammar
