#include "domain/offline/calendar_offers.hpp"

#include "domain/meant_time.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace perin::offline {

namespace {

using date::local_days;
using std::chrono::minutes;
using local_minute = time_grammar::local_minute;

constexpr std::size_t most_offers = 20;
constexpr std::size_t longest_line = 400;

constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};

std::string spoken_day(local_days day) {
    const date::year_month_day ymd{day};
    return std::string(weekdays[date::weekday{day}.c_encoding()]) + " " +
           std::to_string(static_cast<unsigned>(ymd.day())) + " " +
           std::string(months[static_cast<unsigned>(ymd.month()) - 1]) + " " +
           std::to_string(static_cast<int>(ymd.year()));
}

std::string spoken_clock(local_minute at) {
    const auto since = (at - date::floor<date::days>(at)).count();
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(since / 60) % 24,
                  static_cast<int>(since % 60));
    return text.data();
}

std::string spoken_offset(minutes offset) {
    const auto away = offset < minutes{0} ? -offset : offset;
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), " (UTC%c%02d:%02d)", offset < minutes{0} ? '-' : '+',
                  static_cast<int>(away.count() / 60) % 100, static_cast<int>(away.count() % 60));
    return text.data();
}

/// Takes what is read off the front of a text.
class scanner {
  public:
    explicit scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    std::optional<int> number(std::size_t most_digits) {
        std::size_t digits = 0;
        int value = 0;
        while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
            if (++digits > most_digits) return std::nullopt;
            value = value * 10 + (rest_[digits - 1] - '0');
        }
        if (digits == 0) return std::nullopt;
        rest_.remove_prefix(digits);
        return value;
    }

    template <class Names>
    std::optional<std::size_t> name(const Names& names) {
        for (std::size_t i = 0; i < names.size(); ++i)
            if (take(names[i])) return i;
        return std::nullopt;
    }

    std::optional<local_days> day() {
        const auto weekday = name(weekdays);
        if (!weekday || !take(" ")) return std::nullopt;
        const auto of_month = number(2);
        if (!of_month || !take(" ")) return std::nullopt;
        const auto month = name(months);
        if (!month || !take(" ")) return std::nullopt;
        const auto year = number(4);
        if (!year) return std::nullopt;
        const date::year_month_day ymd{date::year{*year},
                                       date::month{static_cast<unsigned>(*month) + 1},
                                       date::day{static_cast<unsigned>(*of_month)}};
        if (!ymd.ok()) return std::nullopt;
        return local_days{ymd};
    }

    std::optional<minutes> clock() {
        const auto hour = number(2);
        if (!hour || *hour > 23 || !take(":")) return std::nullopt;
        const auto minute = number(2);
        if (!minute || *minute > 59) return std::nullopt;
        return minutes{*hour * 60 + *minute};
    }

    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
};

std::optional<minutes> take_offset(scanner& from) {
    if (!from.take(" (UTC")) return std::nullopt;
    const bool behind = from.take("-");
    if (!behind && !from.take("+")) return std::nullopt;
    const auto away = from.clock();
    if (!away || !from.take(")")) return std::nullopt;
    return behind ? -*away : *away;
}

/// Reads a span at the front; the rest is left.
std::optional<local_span> take_span(scanner& from) {
    const auto first = from.day();
    if (!first) return std::nullopt;
    local_span out;
    out.start = *first;
    if (!from.take(", ")) {
        if (!from.take(" to ")) return std::nullopt;
        const auto last = from.day();
        if (!last || *last < *first || !from.take(", all day")) return std::nullopt;
        out.end = *last + date::days{1};
        out.all_day = true;
        return out;
    }
    if (from.take("all day")) {
        out.end = *first + date::days{1};
        out.all_day = true;
        return out;
    }
    const auto at = from.clock();
    if (!at) return std::nullopt;
    out.start = *first + *at;
    out.end = out.start;
    if (from.take(" to ")) {
        auto last = first;
        if (const auto day = from.day()) {
            last = day;
            if (!from.take(", ")) return std::nullopt;
        }
        const auto until = from.clock();
        if (!until) return std::nullopt;
        out.end = *last + *until;
    }
    out.offset = take_offset(from);
    return out;
}

std::optional<offer> read_line(std::string_view line) {
    if (line.size() > longest_line) return std::nullopt;
    // The title may hold a colon itself; the time has none that a space follows.
    const auto colon = line.rfind(": ");
    offer out;
    if (colon != std::string_view::npos) {
        out.title = std::string(trimmed(line.substr(0, colon)));
        line.remove_prefix(colon + 2);
    }
    const auto when = read_span(trimmed(line));
    if (!when || (colon != std::string_view::npos && out.title.empty())) return std::nullopt;
    out.when = *when;
    return out;
}

timestamp moment_of(local_minute at, const std::optional<minutes>& offset,
                    const std::string& timezone) {
    if (offset) return timestamp{(at - *offset).time_since_epoch()};
    return time_grammar::to_moment(at, time_grammar::zone_of(timezone));
}

}  // namespace

std::string spoken_span(const local_span& when) {
    const auto first = date::floor<date::days>(when.start);
    if (when.all_day) {
        const auto last = date::floor<date::days>(when.end - minutes{1});
        const std::string until = last > first ? " to " + spoken_day(last) : "";
        return spoken_day(first) + until + ", all day";
    }
    std::string text = spoken_day(first) + ", " + spoken_clock(when.start);
    if (when.end != when.start) {
        const auto last = date::floor<date::days>(when.end);
        text += " to " + (last != first ? spoken_day(last) + ", " : "") + spoken_clock(when.end);
    }
    if (when.offset) text += spoken_offset(*when.offset);
    return text;
}

std::string day_of(const local_span& when) {
    return spoken_day(date::floor<date::days>(when.start));
}

std::optional<local_span> read_span(std::string_view text) {
    scanner from(text);
    const auto when = take_span(from);
    if (!when || !from.rest().empty()) return std::nullopt;
    return when;
}

std::string shown_title(std::string_view title) {
    constexpr std::size_t most = 80;
    std::string line;
    for (const char c : repaired_utf8(title.substr(0, 8 * most))) {
        const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
        if (!blank || (!line.empty() && line.back() != ' ')) line += blank ? ' ' : c;
    }
    while (line.ends_with(' ')) line.pop_back();
    const auto shown = utf8_prefix(line, most);
    if (shown.empty()) return "(no title)";
    return std::string(shown) + (shown.size() < line.size() ? "\xE2\x80\xA6" : "");
}

std::string listed_offers(std::span<const offer> offers) {
    std::string text;
    for (std::size_t i = 0; i < offers.size() && i < most_offers; ++i) {
        text += "\n" + std::to_string(i + 1) + ". ";
        if (!offers[i].title.empty()) text += shown_title(offers[i].title) + ": ";
        text += spoken_span(offers[i].when);
    }
    return text;
}

std::vector<offer> read_offers(std::string_view answer) {
    constexpr std::size_t longest_answer = 20'000;
    answer = answer.substr(0, longest_answer);
    std::vector<offer> out;
    while (!answer.empty() && out.size() < most_offers) {
        const auto end = std::min(answer.find('\n'), answer.size());
        const auto line = answer.substr(0, end);
        answer.remove_prefix(std::min(end + 1, answer.size()));
        const std::string number = std::to_string(out.size() + 1) + ". ";
        if (!line.starts_with(number)) continue;
        auto found = read_line(line.substr(number.size()));
        if (!found) return {};
        out.push_back(std::move(*found));
    }
    return out;
}

std::optional<offer> read_told_event(std::string_view answer) {
    const auto line = answer.substr(0, std::min(answer.find('\n'), answer.size()));
    if (line.size() > longest_line) return std::nullopt;
    for (const auto told : {told_created, told_moved}) {
        const auto at = line.rfind(told);
        if (at == std::string_view::npos || at == 0) continue;
        scanner from(line.substr(at + told.size()));
        const auto when = take_span(from);
        if (!when) continue;
        return offer{std::string(line.substr(0, at)), *when};
    }
    return std::nullopt;
}

std::string rfc3339_start(const local_span& when, const std::string& timezone) {
    return to_rfc3339(moment_of(when.start, when.offset, timezone), timezone);
}

std::string rfc3339_end(const local_span& when, const std::string& timezone) {
    if (when.offset) {
        // The length counts: across a change of the clock the offset is another one.
        const auto start = moment_of(when.start, when.offset, timezone);
        return to_rfc3339(start + (when.end - when.start), timezone);
    }
    return to_rfc3339(moment_of(when.end, when.offset, timezone), timezone);
}

}  // namespace perin::offline
