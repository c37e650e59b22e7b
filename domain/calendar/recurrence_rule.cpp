#include "domain/calendar/recurrence_rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace perin::calendar {

namespace {

constexpr std::array<std::pair<std::string_view, frequency>, 7> frequencies = {{
    {"SECONDLY", frequency::secondly},
    {"MINUTELY", frequency::minutely},
    {"HOURLY", frequency::hourly},
    {"DAILY", frequency::daily},
    {"WEEKLY", frequency::weekly},
    {"MONTHLY", frequency::monthly},
    {"YEARLY", frequency::yearly},
}};

constexpr std::array<std::string_view, 7> weekday_names = {"SU", "MO", "TU", "WE",
                                                           "TH", "FR", "SA"};

/// A list of numbers and what may be in it: from `low` to `high`, and their negatives.
struct number_list {
    std::string_view name;
    std::vector<int> recurrence_rule::*values;
    int low;
    int high;
    bool negative;
};

constexpr std::array<number_list, 8> number_lists = {{
    {"BYSECOND", &recurrence_rule::seconds_of_minute, 0, 60, false},
    {"BYMINUTE", &recurrence_rule::minutes_of_hour, 0, 59, false},
    {"BYHOUR", &recurrence_rule::hours_of_day, 0, 23, false},
    {"BYMONTHDAY", &recurrence_rule::days_of_month, 1, 31, true},
    {"BYYEARDAY", &recurrence_rule::days_of_year, 1, 366, true},
    {"BYWEEKNO", &recurrence_rule::weeks_of_year, 1, 53, true},
    {"BYMONTH", &recurrence_rule::months, 1, 12, false},
    {"BYSETPOS", &recurrence_rule::positions, 1, 366, true},
}};

// More than any calendar means, and far from where sums overflow.
constexpr std::int64_t most_interval = 100'000'000;
constexpr std::int64_t most_count = 1'000'000'000;
constexpr std::size_t longest_text = 8'192;

failure wrong(std::string_view part) {
    return {error_code::invalid_request,
            "the recurrence rule's " + std::string(part) + " is not one"};
}

failure not_beside(std::string_view part, std::string_view other) {
    return {error_code::invalid_request, "a recurrence rule may not have " + std::string(part) +
                                             " beside " + std::string(other)};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

/// Calls `take` with each part of `text` between separators; false as soon as it says so.
template <class Take>
bool each_part(std::string_view text, char separator, Take take) {
    for (;;) {
        const auto end = text.find(separator);
        if (!take(trimmed(text.substr(0, end)))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::chrono::weekday> weekday_of(std::string_view name) {
    const auto at = std::ranges::find(weekday_names, name);
    if (at == weekday_names.end()) return std::nullopt;
    return std::chrono::weekday{static_cast<unsigned>(at - weekday_names.begin())};
}

/// One rule as it is read, part by part.
class rule_reader {
  public:
    result<recurrence_rule> read(std::string_view text) {
        if (text.size() > longest_text) return wrong("length");
        const std::string all = upper(text);
        const bool fits = each_part(all, ';', [&](std::string_view part) { return take(part); });
        if (!fits) return std::move(why_);
        if (std::ranges::find(seen_, "FREQ") == seen_.end()) return wrong("FREQ");
        if (auto why = conflict()) return std::move(*why);
        return std::move(rule_);
    }

  private:
    bool take(std::string_view part) {
        if (part.empty()) return true;
        const auto equals = part.find('=');
        const auto name = trimmed(part.substr(0, equals));
        why_ = wrong("part");
        if (equals == std::string_view::npos) return false;
        if (std::ranges::find(seen_, name) != seen_.end()) return false;
        const auto value = trimmed(part.substr(equals + 1));
        for (const auto& list : number_lists) {
            if (name != list.name) continue;
            seen_.emplace_back(name);
            why_ = wrong(list.name);
            return take_numbers(list, value);
        }
        if (!take_single(name, value)) return false;
        seen_.emplace_back(name);
        return true;
    }

    bool take_single(std::string_view name, std::string_view value) {
        static constexpr std::array<std::string_view, 8> names = {
            "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", "RSCALE", "SKIP"};
        if (std::ranges::find(names, name) == names.end()) return false;
        why_ = wrong(name);
        if (name == "FREQ") return take_frequency(value);
        if (name == "INTERVAL") return take_size(value, most_interval, rule_.interval);
        if (name == "COUNT") return take_size(value, most_count, rule_.count.emplace());
        if (name == "UNTIL") return (rule_.until = moment_of(value)).has_value();
        if (name == "BYDAY") return take_weekdays(value);
        if (name == "WKST") {
            const auto day = weekday_of(value);
            if (day) rule_.week_start = *day;
            return day.has_value();
        }
        // RFC 7529 for whoever writes down what RFC 5545 means anyway.
        return value == (name == "RSCALE" ? "GREGORIAN" : "OMIT");
    }

    bool take_frequency(std::string_view value) {
        const auto* const at =
            std::ranges::find(frequencies, value, [](const auto& row) { return row.first; });
        if (at == frequencies.end()) return false;
        rule_.every = at->second;
        return true;
    }

    static bool take_size(std::string_view value, std::int64_t most, std::int64_t& into) {
        const auto size = number<std::int64_t>(value);
        if (!size || *size < 1 || *size > most) return false;
        into = *size;
        return true;
    }

    bool take_numbers(const number_list& list, std::string_view value) {
        auto& values = rule_.*list.values;
        const bool fits = each_part(value, ',', [&](std::string_view item) {
            const auto found = number<int>(item);
            if (!found) return false;
            const int size = list.negative && *found < 0 ? -*found : *found;
            if (size < list.low || size > list.high) return false;
            // A leap second is the second before it (section 3.3.12).
            values.push_back(list.name == "BYSECOND" ? std::min(*found, 59) : *found);
            return true;
        });
        std::ranges::sort(values);
        const auto doubles = std::ranges::unique(values);
        values.erase(doubles.begin(), doubles.end());
        return fits;
    }

    bool take_weekdays(std::string_view value) {
        auto& days = rule_.weekdays;
        const bool fits = each_part(value, ',', [&](std::string_view item) {
            if (item.size() < 2) return false;
            const auto day = weekday_of(item.substr(item.size() - 2));
            if (!day) return false;
            const auto digits = trimmed(item.substr(0, item.size() - 2));
            const auto position = digits.empty() ? std::optional(0) : number<int>(digits);
            if (!position || *position < -53 || *position > 53) return false;
            if (!digits.empty() && *position == 0) return false;
            days.push_back({*day, *position});
            return true;
        });
        std::ranges::sort(days, {}, [](const weekday_choice& choice) {
            return std::pair(choice.day.iso_encoding(), choice.position);
        });
        const auto doubles = std::ranges::unique(days);
        days.erase(doubles.begin(), doubles.end());
        return fits;
    }

    /// What section 3.3.10 lets not stand together.
    [[nodiscard]] std::optional<failure> conflict() const {
        const auto every = rule_.every;
        if (rule_.count && rule_.until) return not_beside("COUNT", "UNTIL");
        if (!rule_.weeks_of_year.empty() && every != frequency::yearly) {
            return not_beside("BYWEEKNO", "this FREQ");
        }
        if (!rule_.days_of_year.empty() &&
            (every == frequency::daily || every == frequency::weekly ||
             every == frequency::monthly)) {
            return not_beside("BYYEARDAY", "this FREQ");
        }
        if (!rule_.days_of_month.empty() && every == frequency::weekly) {
            return not_beside("BYMONTHDAY", "this FREQ");
        }
        const bool counted = std::ranges::any_of(
            rule_.weekdays, [](const weekday_choice& choice) { return choice.position != 0; });
        if (counted && every != frequency::monthly && every != frequency::yearly) {
            return not_beside("a numbered BYDAY", "this FREQ");
        }
        if (counted && !rule_.weeks_of_year.empty()) {
            return not_beside("a numbered BYDAY", "BYWEEKNO");
        }
        if (!rule_.positions.empty() && !chooses()) return wrong("BYSETPOS");
        return std::nullopt;
    }

    /// Whether there is a list that `BYSETPOS` can choose from.
    [[nodiscard]] bool chooses() const {
        return !rule_.weekdays.empty() ||
               std::ranges::any_of(number_lists, [&](const number_list& list) {
                   return list.name != "BYSETPOS" && !(rule_.*list.values).empty();
               });
    }

    recurrence_rule rule_;
    std::vector<std::string> seen_;
    failure why_;
};

}  // namespace

result<recurrence_rule> parse_rule(std::string_view text) { return rule_reader().read(text); }

std::string to_text(const recurrence_rule& rule) {
    const auto* const every =
        std::ranges::find(frequencies, rule.every, [](const auto& row) { return row.second; });
    std::string out = "FREQ=";
    out += every->first;
    if (rule.interval != 1) out += ";INTERVAL=" + std::to_string(rule.interval);
    if (rule.count) out += ";COUNT=" + std::to_string(*rule.count);
    if (rule.until) out += ";UNTIL=" + to_text(*rule.until);
    for (const auto& list : number_lists) {
        char separator = '=';
        for (const int value : rule.*list.values) {
            if (separator == '=') out.append(";").append(list.name);
            out += separator + std::to_string(value);
            separator = ',';
        }
    }
    char separator = '=';
    for (const auto& choice : rule.weekdays) {
        if (separator == '=') out += ";BYDAY";
        out += separator;
        if (choice.position != 0) out += std::to_string(choice.position);
        out += weekday_names[choice.day.c_encoding()];
        separator = ',';
    }
    if (rule.week_start != std::chrono::Monday) {
        out.append(";WKST=").append(weekday_names[rule.week_start.c_encoding()]);
    }
    return out;
}

}  // namespace perin::calendar
