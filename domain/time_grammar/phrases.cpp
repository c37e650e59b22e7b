#include "domain/time_grammar/phrases.hpp"

#include <algorithm>

namespace perin::time_grammar {

namespace {

using std::chrono::minutes;
using precision = enum time_phrase::precision;

bool is_single_day(const day_reading& day) {
    return day.precision == precision::day && day.end - day.first == date::days{1};
}

/// The `T` between the date and the time of ISO 8601.
bool is_iso_joint(const tokens& words, std::size_t i) {
    return words.is(i, lexeme::word) && words[i].length == 1 && words[i].glued &&
           words.is(i + 1, lexeme::number) && words[i + 1].glued;
}

/// Takes one more part of the phrase at token `i`; false where there is none.
bool take_one(const tokens& words, std::size_t i, const listener& who, parts_said& said) {
    const bool bare = !said.clock && !said.daytime;
    if (!said.day) {
        if (auto day = read_day(words, i, who.today); day && (bare || is_single_day(*day))) {
            if (day->daytime && said.daytime) return false;
            if (day->daytime) said.daytime = day->daytime;
            said.next = day->next;
            said.day = day;
            return true;
        }
    }
    if (said.day && !is_single_day(*said.day)) return false;
    if (!said.clock) {
        if (auto clock = read_clock(words, i)) {
            said.next = clock->next;
            said.clock = clock;
            return true;
        }
    }
    if (!said.daytime) {
        if (auto daytime = read_part(words, i, said.day.has_value())) {
            said.next = daytime->next;
            said.daytime = daytime->daytime;
            return true;
        }
    }
    return false;
}

/// "my time", "local time", "your time", "UTC" after a time of the day.
void take_zone(const tokens& words, const listener& who, parts_said& said) {
    if (said.zone != nullptr || (!said.clock && !said.daytime)) return;
    const std::size_t at = said.next;
    if (words.is_known(at, known::utc)) {
        said.zone = zone_of("UTC");
        said.next = at + 1;
        return;
    }
    if (!words.is_known(at + 1, known::time)) return;
    if (words.is_known(at, known::my) || words.is_known(at, known::local))
        said.zone = who.zone;
    else if (words.is_known(at, known::your))
        said.zone = who.your_zone;
    if (said.zone != nullptr) said.next = at + 2;
}

parts_said read_parts(const tokens& words, std::size_t i, const listener& who) {
    parts_said said;
    if (!take_one(words, i, who, said)) return said;
    take_zone(words, who, said);
    for (int more = 0; more < 2; ++more) {
        const std::size_t next = said.next;
        const bool joined = words.is_glued(next, ',') || (said.day && is_iso_joint(words, next));
        if (!take_one(words, joined ? next + 1 : next, who, said)) break;
        take_zone(words, who, said);
    }
    return said;
}

time_phrase clocked(const parts_said& said, date::local_days day, const listener& who) {
    const auto clock = said.daytime ? within(*said.clock, *said.daytime) : *said.clock;
    if (!said.day) {
        const auto this_minute = date::floor<minutes>(who.now);
        constexpr int whole_day = 24 * 60;
        const bool after_midnight = clock.start > whole_day;
        if (after_midnight && who.moment(day, clock.start - whole_day) >= this_minute)
            day -= date::days{1};
        else if (who.moment(day, clock.start) < this_minute)
            day += date::days{1};
    }
    time_phrase phrase{.start = who.moment(day, clock.start)};
    if (clock.end) {
        phrase.end = who.moment(day, *clock.end);
        // A clock change within the range can leave nothing of it.
        if (*phrase.end <= phrase.start)
            phrase.end = phrase.start + minutes{*clock.end - clock.start};
    }
    return phrase;
}

/// "now", "in 45 minutes", "an hour from now", "ten minutes ago".
std::optional<time_phrase> read_moment(const tokens& words, std::size_t i, const listener& who,
                                       std::size_t& next) {
    if (words.is(i, lexeme::now)) {
        next = i + 1;
        return time_phrase{.start = who.now};
    }
    const bool ahead = words.is(i, lexeme::in);
    const auto span = read_span(words, ahead ? i + 1 : i);
    if (!span || (span->what != unit::minute && span->what != unit::hour)) return std::nullopt;
    const minutes length{span->what == unit::hour ? 60 * span->amount : span->amount};
    next = span->next;
    if (ahead) return time_phrase{.start = who.now + length};
    const bool from_now = words.is(next, lexeme::from) && words.is(next + 1, lexeme::now);
    if (!from_now && !words.is(next, lexeme::ago)) return std::nullopt;
    next += from_now ? 2 : 1;
    return time_phrase{.start = from_now ? who.now + length : who.now - length};
}

/// Whether a phrase may begin here: not within a longer number, a price or an address.
bool may_begin(const tokens& words, std::size_t i) {
    const auto& read = words[i];
    if (read.kind == lexeme::word || read.kind == lexeme::filler) return false;
    if (read.kind == lexeme::symbol) return read.value == '@' && !read.glued;
    if (i == 0 || !read.glued) return true;
    const auto& before = words[i - 1];
    if (before.kind != lexeme::symbol) return false;
    constexpr std::string_view binding = ":/.-$#+*=_\\@&'%^";
    return binding.find(static_cast<char>(before.value)) == std::string_view::npos;
}

/// RFC 3339 with its own offset, at the beginning of `rest`.
std::optional<time_phrase> read_rfc3339(std::string_view rest) {
    constexpr std::string_view letters = "0123456789-:.+TtZz";
    auto stamp =
        rest.substr(0, std::min(rest.substr(0, 40).find_first_not_of(letters), rest.size()));
    while (stamp.ends_with('.') || stamp.ends_with(':')) stamp.remove_suffix(1);
    if (stamp.size() < 20) return std::nullopt;
    const auto at = from_rfc3339(stamp);
    if (!at) return std::nullopt;
    return time_phrase{.start = *at, .length = stamp.size()};
}

std::optional<heard_phrase> hear_at(const tokens& words, std::size_t i, std::string_view text,
                                    const listener& who) {
    heard_phrase heard{.begin = words[i].begin};
    const auto up_to = [&](std::size_t next) {
        heard.length = std::size_t{words[next - 1].begin} + words[next - 1].length - heard.begin;
        return heard;
    };
    if (words.is(i, lexeme::number) && words[i].digits == 4 && words.is_glued(i + 1, '-')) {
        heard.exact = read_rfc3339(text.substr(heard.begin));
        if (heard.exact) {
            heard.length = heard.exact->length;
            return heard;
        }
    }
    std::size_t next = 0;
    heard.exact = read_moment(words, i, who, next);
    if (heard.exact) return up_to(next);
    heard.parts = read_parts(words, i, who);
    if (heard.parts.next == 0) return std::nullopt;
    return up_to(heard.parts.next);
}

}  // namespace

time_phrase resolved(const parts_said& said, date::local_days day, const listener& who) {
    if (said.clock) return clocked(said, day, who);
    if (said.daytime) {
        const auto bounds = bounds_of(*said.daytime);
        if (!said.day && who.moment(day, bounds.end) <= who.now) day += date::days{1};
        return {.start = who.moment(day, bounds.start),
                .end = who.moment(day, bounds.end),
                .precision = precision::part_of_day};
    }
    const auto length = said.day->end - said.day->first;
    return {.start = who.moment(day, 0),
            .end = who.moment(day + length, 0),
            .precision = said.day->precision};
}

listener by_clock_of(const listener& who, const parts_said& said) {
    if (said.zone == nullptr || said.zone == who.zone) return who;
    listener by = who;
    by.zone = said.zone;
    by.today = local_day(who.now, said.zone);
    return by;
}

void place(time_phrase& phrase, std::string_view text, std::size_t begin, std::size_t length) {
    phrase.begin = begin;
    phrase.length = length;
    phrase.matched = std::string(text.substr(begin, length));
}

std::optional<heard_phrase> hear(const tokens& words, std::string_view text, const listener& who) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!may_begin(words, i)) continue;
        if (auto heard = hear_at(words, i, text, who)) return heard;
    }
    return std::nullopt;
}

}  // namespace perin::time_grammar
