#include "domain/time_grammar/days.hpp"

#include <array>

namespace perin::time_grammar {

namespace {

using date::days;
using date::local_days;
using date::months;
using date::year_month_day;
using precision = enum time_phrase::precision;

using reading = std::optional<day_reading>;

day_reading one_day(std::size_t next, local_days day) {
    return {.next = next, .first = day, .end = day + days{1}};
}

local_days monday_of(local_days day) { return day - (date::weekday{day} - date::Monday); }

std::optional<local_days> day_of(int year, int month, int day) {
    if (year < 1000 || year > 9999 || month < 1 || day < 1 || day > 31) return std::nullopt;
    const year_month_day ymd{date::year{year}, date::month{static_cast<unsigned>(month)},
                             date::day{static_cast<unsigned>(day)}};
    if (!ymd.ok()) return std::nullopt;
    return local_days{ymd};
}

int year_of(local_days day) { return static_cast<int>(year_month_day{day}.year()); }

/// The next such day from `today` on; eight years reach over a century without a leap day.
std::optional<local_days> next_day_of(int month, int day, local_days today) {
    for (int year = year_of(today); year <= year_of(today) + 8; ++year)
        if (const auto found = day_of(year, month, day); found && *found >= today) return found;
    return std::nullopt;
}

std::optional<local_days> next_or_exact(std::optional<int> year, int month, int day,
                                        local_days today) {
    return year ? day_of(*year, month, day) : next_day_of(month, day, today);
}

reading read_named(const tokens& words, std::size_t i, local_days today) {
    const std::size_t at = words.is(i, lexeme::the) ? i + 1 : i;
    if (words.is_unit(at, unit::day)) {
        if (words.is(at + 1, lexeme::after) && words.is(at + 2, lexeme::tomorrow))
            return one_day(at + 3, today + days{2});
        if (words.is(at + 1, lexeme::before) && words.is(at + 2, lexeme::yesterday))
            return one_day(at + 3, today - days{2});
        return std::nullopt;
    }
    switch (words[i].kind) {
        case lexeme::today:
            return one_day(i + 1, today);
        case lexeme::tomorrow:
            return one_day(i + 1, today + days{1});
        case lexeme::yesterday:
            return one_day(i + 1, today - days{1});
        case lexeme::tonight: {
            auto day = one_day(i + 1, today);
            day.daytime = part::tonight;
            return day;
        }
        case lexeme::this_:
        case lexeme::last: {
            if (!words.is(i + 1, lexeme::part)) return std::nullopt;
            const auto daytime = static_cast<part>(words[i + 1].value);
            if (words.is(i, lexeme::last) && daytime != part::night) return std::nullopt;
            auto day = one_day(i + 2, words.is(i, lexeme::last) ? today - days{1} : today);
            day.daytime = daytime;
            return day;
        }
        default:
            return std::nullopt;
    }
}

std::optional<local_days> ahead(local_days day, local_days today) {
    if (day <= today) return std::nullopt;
    return day;
}

/// "this", "next", "last" and a week, weekend or month; "next week on Tuesday".
reading read_period(const tokens& words, std::size_t i, local_days today) {
    if (words.is(i, lexeme::the)) ++i;
    const bool next = words.is(i, lexeme::next);
    const bool last = words.is(i, lexeme::last);
    if (!next && !last && !words.is(i, lexeme::this_) && !words.is(i, lexeme::weekend))
        return std::nullopt;
    if (!words.is(i, lexeme::weekend)) ++i;
    const int shift = next ? 1 : (last ? -1 : 0);
    const local_days monday = monday_of(today) + date::weeks{shift};
    if (words.is(i, lexeme::weekend)) {
        day_reading both{.next = i + 1, .first = monday + days{5}, .end = monday + days{7}};
        if (next) both.sooner = ahead(both.first - days{7}, today);
        return both;
    }
    if (words.is_unit(i, unit::week)) {
        const std::size_t day = words.is(i + 1, lexeme::on) ? i + 2 : i + 1;
        if (words.is(day, lexeme::weekday))
            return one_day(day + 1, monday + days{(words[day].value + 6) % 7});
        return day_reading{
            .next = i + 1, .first = monday, .end = monday + days{7}, .precision = precision::week};
    }
    if (words.is_unit(i, unit::month)) {
        const auto now = year_month_day{today};
        const auto month = now.year() / now.month() + months{shift};
        return day_reading{.next = i + 1,
                           .first = local_days{month / 1},
                           .end = local_days{(month + months{1}) / 1},
                           .precision = precision::month};
    }
    return std::nullopt;
}

/// A year of four digits, a comma before it or not.
std::optional<int> read_year(const tokens& words, std::size_t& next) {
    const std::size_t at = words.is_glued(next, ',') ? next + 1 : next;
    const auto& read = words[at];
    const bool is_year = read.kind == lexeme::number && read.digits == 4 && read.value >= 1900 &&
                         read.value < 2200 && !words.is_glued(at + 1, ':');
    if (!is_year) return std::nullopt;
    next = at + 1;
    return read.value;
}

int day_number(const token& read) {
    const bool fits = (read.kind == lexeme::number || read.kind == lexeme::ordinal) &&
                      read.digits <= 2 && read.value >= 1 && read.value <= 31;
    return fits ? read.value : 0;
}

/// "3 December", "the 3rd of December", "the third of December 2026", "December 3rd, 2026".
reading read_month_and_day(const tokens& words, std::size_t i, local_days today) {
    if (words.is(i, lexeme::the)) ++i;
    std::size_t next = i + 1;
    int month = 0;
    int day = 0;
    if (words.is(i, lexeme::month)) {
        if (words.is(next, lexeme::the)) ++next;
        month = words[i].value;
        day = words.is(next, lexeme::ordinal_word) ? words[next].value : day_number(words[next]);
        // "May 3pm", "March 10:30": a clock time, not a day.
        const bool clock = words.is_glued(next + 1, ':') || words.is(next + 1, lexeme::meridiem);
        const bool verb = words[i].doubtful && words.is(next + 1, lexeme::word) &&
                          words[next].kind == lexeme::number;  // "may 3 people come"
        if (day == 0 || clock || verb) return std::nullopt;
        ++next;
    } else {
        day = words.is(i, lexeme::ordinal_word) ? words[i].value : day_number(words[i]);
        if (words.is(next, lexeme::of)) ++next;
        if (words.is(next, lexeme::the)) return std::nullopt;
        if (day == 0 || !words.is(next, lexeme::month)) return std::nullopt;
        month = words[next].value;
        ++next;
        if (words.is_glued(next, '.') && words[next - 1].doubtful) ++next;
    }
    const auto year = read_year(words, next);
    const auto found = next_or_exact(year, month, day, today);
    if (!found) return std::nullopt;
    return one_day(next, *found);
}

/// Whether what follows a lone ordinal leaves it a day: not "the 3rd street".
bool ends_ordinal(const tokens& words, std::size_t i) {
    const auto kind = words[i].kind;
    return kind != lexeme::word && kind != lexeme::number && kind != lexeme::unit &&
           kind != lexeme::measure && kind != lexeme::ordinal &&
           !(kind == lexeme::symbol && words[i].value == '-' && words[i].glued);
}

/// "the 3rd", "on the 3rd", "the 3rd of next month".
reading read_ordinal(const tokens& words, std::size_t i, local_days today, bool after_on) {
    const bool definite = words.is(i, lexeme::the);
    if (definite) ++i;
    if ((!definite && !after_on) || !words.is(i, lexeme::ordinal)) return std::nullopt;
    const int day = day_number(words[i]);
    if (day == 0) return std::nullopt;
    const std::size_t of = words.is(i + 1, lexeme::of) ? i + 2 : i + 1;
    if (const auto month = read_period(words, of, today);
        month && month->precision == precision::month) {
        const auto first = year_month_day{month->first};
        const auto found = day_of(static_cast<int>(first.year()),
                                  static_cast<int>(static_cast<unsigned>(first.month())), day);
        if (found) return one_day(month->next, *found);
        return std::nullopt;
    }
    if (!ends_ordinal(words, i + 1)) return std::nullopt;
    auto month = year_month_day{today}.year() / year_month_day{today}.month();
    for (int tries = 0; tries < 4; ++tries, month += months{1}) {
        const auto candidate = month / date::day{static_cast<unsigned>(day)};
        if (candidate.ok() && local_days{candidate} >= today)
            return one_day(i + 1, local_days{candidate});
    }
    return std::nullopt;
}

reading read_iso(const tokens& words, std::size_t i) {
    const bool shaped =
        words[i].digits == 4 && words.is_glued(i + 1, '-') && words[i + 2].kind == lexeme::number &&
        words[i + 2].digits == 2 && words[i + 2].glued && words.is_glued(i + 3, '-') &&
        words[i + 4].kind == lexeme::number && words[i + 4].digits == 2 && words[i + 4].glued;
    if (!shaped || words.is_glued(i + 5, '-')) return std::nullopt;
    const auto found = day_of(words[i].value, words[i + 2].value, words[i + 4].value);
    if (!found) return std::nullopt;
    return one_day(i + 5, *found);
}

/// `12/3`, `24/12/2026`, `3.12.2026`.
reading read_slashed(const tokens& words, std::size_t i, local_days today) {
    const char separator = words.is_glued(i + 1, '/') ? '/' : '.';
    const auto& second = words[i + 2];
    const bool shaped = words[i].digits <= 2 && words.is_glued(i + 1, separator) &&
                        second.kind == lexeme::number && second.digits <= 2 && second.glued;
    if (!shaped) return std::nullopt;
    std::size_t next = i + 3;
    std::optional<int> year;
    if (words.is_glued(next, separator) && words.is(next + 1, lexeme::number) &&
        words[next + 1].glued) {
        const auto& last = words[next + 1];
        if (last.digits != 4 && last.digits != 2) return std::nullopt;
        year = last.digits == 4 ? last.value : 2000 + last.value;
        next += 2;
        if (words.is_glued(next, separator) && words.is(next + 1, lexeme::number))
            return std::nullopt;
    }
    const bool around_the_clock = words[i].value == 24 && second.value == 7;
    if (!year && (separator == '.' || around_the_clock)) return std::nullopt;
    const auto day_first = next_or_exact(year, second.value, words[i].value, today);
    const auto month_first =
        separator == '.' ? std::nullopt : next_or_exact(year, words[i].value, second.value, today);
    if (!day_first && !month_first) return std::nullopt;
    auto day = one_day(next, month_first ? *month_first : *day_first);
    if (day_first && month_first && *day_first != *month_first) day.other = *day_first;
    return day;
}

reading read_dated(const tokens& words, std::size_t i, local_days today) {
    if (auto found = read_month_and_day(words, i, today)) return found;
    if (!words.is(i, lexeme::number)) return std::nullopt;
    if (auto found = read_iso(words, i)) return found;
    return read_slashed(words, i, today);
}

bool stands_alone(const tokens& words, std::size_t i, bool after_on) {
    if (!words[i].doubtful || after_on) return true;
    const auto after = words[i + 1].kind;
    return after == lexeme::part || after == lexeme::at || after == lexeme::next;
}

/// "Friday", "next Tuesday", "Tuesday next week", "Friday, 3 December".
reading read_weekday(const tokens& words, std::size_t i, local_days today, bool after_on) {
    const auto which = words[i].kind;
    const bool marked = which == lexeme::next || which == lexeme::this_ || which == lexeme::last ||
                        which == lexeme::coming;
    if (words.is(i, lexeme::the) && words.is(i + 1, lexeme::coming)) ++i;
    if (marked || words.is(i, lexeme::coming)) ++i;
    if (!words.is(i, lexeme::weekday)) return std::nullopt;
    const date::weekday named{static_cast<unsigned>(words[i].value)};
    const std::size_t after = words.is_glued(i + 1, ',') ? i + 2 : i + 1;
    if (!marked) {
        const std::size_t the = words.is(after, lexeme::on) ? after + 1 : after;
        auto dated = read_dated(words, the, today);
        if (!dated) dated = read_ordinal(words, the, today, false);
        if (dated) {
            if (dated->other && date::weekday{*dated->other} == named)
                return one_day(dated->next, *dated->other);
            if (date::weekday{dated->first} == named) return one_day(dated->next, dated->first);
            dated->other = dated->first + (named - date::weekday{dated->first});
            dated->contradicts = true;
            return dated;
        }
        if (auto week = read_period(words, i + 1, today);
            week && week->precision == precision::week)
            return one_day(week->next, week->first + (named - date::Monday));
        if (!stands_alone(words, i, after_on)) return std::nullopt;
    }
    const local_days monday = monday_of(today);
    local_days day = today + days{1} + (named - date::weekday{today + days{1}});
    if (which == lexeme::this_) day = today + (named - date::weekday{today});
    if (which == lexeme::next) day = monday + days{7} + (named - date::Monday);
    if (which == lexeme::last) day = today - days{1} - (date::weekday{today - days{1}} - named);
    auto found = one_day(i + 1, day);
    if (which == lexeme::next) found.sooner = ahead(day - days{7}, today);
    return found;
}

/// "in two weeks", "two weeks ago", "a week from now": of days and longer.
reading read_distance(const tokens& words, std::size_t i, local_days today) {
    const bool ahead = words.is(i, lexeme::in);
    const auto span = read_span(words, ahead ? i + 1 : i);
    if (!span || span->what == unit::minute || span->what == unit::hour) return std::nullopt;
    if (ahead) return one_day(span->next, shifted(today, span->what, span->amount));
    if (words.is(span->next, lexeme::ago))
        return one_day(span->next + 1, shifted(today, span->what, -span->amount));
    if (!words.is(span->next, lexeme::from)) return std::nullopt;
    if (words.is(span->next + 1, lexeme::now))
        return one_day(span->next + 2, shifted(today, span->what, span->amount));
    auto base = read_named(words, span->next + 1, today);
    if (!base) base = read_weekday(words, span->next + 1, today, true);
    if (!base || base->other) return std::nullopt;
    return one_day(base->next, shifted(base->first, span->what, span->amount));
}

/// "in December", "in May 2027".
reading read_month(const tokens& words, std::size_t i, local_days today) {
    if (!words.is(i, lexeme::in) || !words.is(i + 1, lexeme::month)) return std::nullopt;
    std::size_t next = i + 2;
    auto year = read_year(words, next);
    const date::month month{static_cast<unsigned>(words[i + 1].value)};
    const auto now = year_month_day{today};
    if (!year) year = static_cast<int>(now.year()) + (month < now.month() ? 1 : 0);
    const auto whole = date::year{*year} / month;
    return day_reading{.next = next,
                       .first = local_days{whole / 1},
                       .end = local_days{(whole + months{1}) / 1},
                       .precision = precision::month};
}

}  // namespace

reading read_day(const tokens& words, std::size_t i, local_days today) {
    const bool after_on = words.is(i, lexeme::on);
    if (after_on) ++i;
    switch (words[i].kind) {
        case lexeme::end:
        case lexeme::word:
        case lexeme::filler:
        case lexeme::symbol:
            return std::nullopt;
        default:
            break;
    }
    if (auto found = read_named(words, i, today)) return found;
    if (auto found = read_dated(words, i, today)) return found;
    if (auto found = read_weekday(words, i, today, after_on)) return found;
    if (auto found = read_period(words, i, today)) return found;
    if (auto found = read_ordinal(words, i, today, after_on)) return found;
    if (auto found = read_distance(words, i, today)) return found;
    return read_month(words, i, today);
}

std::optional<span_reading> read_span(const tokens& words, std::size_t i) {
    constexpr std::array<int, 6> most{52'560'000, 876'000, 36'525, 5'218, 1'200, 100};
    if (words.is(i, lexeme::half) && words.is(i + 1, lexeme::count) && words[i + 1].value == 1 &&
        words.is_unit(i + 2, unit::hour))
        return span_reading{.next = i + 3, .amount = 30, .what = unit::minute};
    const auto& amount = words[i];
    std::size_t next = i + 1;
    if (amount.kind != lexeme::number && amount.kind != lexeme::count) return std::nullopt;
    if (amount.doubtful && words.is(next, lexeme::count) && words[next].doubtful) {
        ++next;  // "a couple of"
        if (words.is(next, lexeme::of)) ++next;
        if (!words.is(next, lexeme::unit)) return std::nullopt;
        return span_reading{next + 1, 2, static_cast<unit>(words[next].value)};
    }
    if (!words.is(next, lexeme::unit)) return std::nullopt;
    const auto what = static_cast<unit>(words[next].value);
    if (amount.value < 0 || amount.value > most[static_cast<std::size_t>(what)])
        return std::nullopt;
    return span_reading{next + 1, amount.value, what};
}

local_days shifted(local_days day, unit what, int amount) {
    if (what == unit::day) return day + days{amount};
    if (what == unit::week) return day + date::weeks{amount};
    const auto from = year_month_day{day};
    const int months_ahead = what == unit::year ? 12 * amount : amount;
    const auto month = from.year() / from.month() + months{months_ahead};
    const auto same = month / from.day();
    return same.ok() ? local_days{same} : local_days{month / date::last};
}

}  // namespace perin::time_grammar
