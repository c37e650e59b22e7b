#include "domain/time_phrases.hpp"

#include "domain/time_grammar/clocks.hpp"
#include "domain/time_grammar/days.hpp"
#include "domain/time_grammar/lexer.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace perin {

namespace {

using namespace time_grammar;
using std::chrono::minutes;
using found = std::variant<std::monostate, time_phrase, ambiguous_time>;
using precision = enum time_phrase::precision;

/// Where and when the words are heard.
struct listener {
    timestamp now;
    const date::time_zone* zone;
    date::local_days today;
    const std::string& timezone;

    [[nodiscard]] timestamp moment(date::local_days day, int minute) const {
        return to_moment(local_minute{day} + minutes{minute}, zone);
    }
};

/// What the words name, each at most once.
struct parts_said {
    std::size_t next = 0;
    std::optional<day_reading> day = {};
    std::optional<clock_reading> clock = {};
    std::optional<part> daytime = {};
};

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

parts_said read_parts(const tokens& words, std::size_t i, const listener& who) {
    parts_said said;
    if (!take_one(words, i, who, said)) return said;
    for (int more = 0; more < 2; ++more) {
        const std::size_t next = said.next;
        const bool joined = words.is_glued(next, ',') || (said.day && is_iso_joint(words, next));
        if (!take_one(words, joined ? next + 1 : next, who, said)) break;
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

found ambiguous(const parts_said& said, const listener& who) {
    ambiguous_time both;
    for (const auto day : {said.day->first, *said.day->other})
        both.readings.push_back(resolved(said, day, who).start);
    const bool timed = said.clock.has_value();
    const auto spoken = [&](timestamp at) {
        return timed ? spoken_time(at, who.timezone) : spoken_date(at, who.timezone);
    };
    both.question =
        "Do you mean " + spoken(both.readings[0]) + " or " + spoken(both.readings[1]) + "?";
    return both;
}

void place(time_phrase& phrase, std::string_view text, std::size_t begin, std::size_t length) {
    phrase.begin = begin;
    phrase.length = length;
    phrase.matched = std::string(text.substr(begin, length));
}

found read_phrase(const tokens& words, std::size_t i, std::string_view text, const listener& who) {
    const std::size_t begin = words[i].begin;
    const auto end_of = [&](std::size_t next) {
        return std::size_t{words[next - 1].begin} + words[next - 1].length;
    };
    if (words.is(i, lexeme::number) && words[i].digits == 4 && words.is_glued(i + 1, '-')) {
        if (auto phrase = read_rfc3339(text.substr(begin))) {
            place(*phrase, text, begin, phrase->length);
            return *phrase;
        }
    }
    std::size_t next = 0;
    if (auto phrase = read_moment(words, i, who, next)) {
        place(*phrase, text, begin, end_of(next) - begin);
        return *phrase;
    }
    const auto said = read_parts(words, i, who);
    if (said.next == 0) return std::monostate{};
    if (said.day && said.day->other) return ambiguous(said, who);
    auto phrase = resolved(said, said.day ? said.day->first : who.today, who);
    place(phrase, text, begin, end_of(said.next) - begin);
    return phrase;
}

constexpr std::array<const char*, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
constexpr std::array<const char*, 12> months{"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};

std::string spoken_day(date::local_days day) {
    const date::year_month_day ymd{day};
    const auto month = static_cast<unsigned>(ymd.month());
    return std::string(weekdays[date::weekday{day}.c_encoding()]) + ", " +
           std::to_string(static_cast<unsigned>(ymd.day())) + " " + months[month - 1] + " " +
           std::to_string(static_cast<int>(ymd.year()));
}

}  // namespace

found find_time_phrase(std::string_view text, timestamp now, const std::string& timezone) {
    const auto* zone = zone_of(timezone);
    const listener who{now, zone, local_day(now, zone), timezone};
    const tokens words(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!may_begin(words, i)) continue;
        auto phrase = read_phrase(words, i, text, who);
        if (phrase.index() != 0) return phrase;
    }
    return std::monostate{};
}

std::string spoken_time(timestamp at, const std::string& timezone) {
    const auto local = to_local(at, zone_of(timezone));
    const auto day = date::floor<date::days>(local);
    const auto minute = (local - day).count();
    std::array<char, 16> clock{};
    std::snprintf(clock.data(), clock.size(), "%02d:%02d", static_cast<int>(minute / 60),
                  static_cast<int>(minute % 60));
    return spoken_day(day) + " at " + clock.data();
}

std::string spoken_date(timestamp at, const std::string& timezone) {
    return spoken_day(local_day(at, zone_of(timezone)));
}

}  // namespace perin
