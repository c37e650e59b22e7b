#include "domain/calendar/event_reader.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace perin::calendar {

namespace {

using namespace std::chrono;

constexpr auto longest_event = days{3'660};
constexpr std::size_t most_zone_lookups = 200;
// Each looks through the definition.
constexpr std::size_t most_defined_times = 2'000;
constexpr std::size_t most_definitions = 200;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_address = 320;

failure no_event(std::string why) { return {error_code::invalid_request, std::move(why)}; }

bool same_word(std::string_view text, std::string_view upper_case) {
    return std::ranges::equal(text, upper_case, {}, [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
}

/// The value that a word names, or `otherwise`.
template <class Value, std::size_t Size>
Value named(std::string_view text, const std::array<std::pair<std::string_view, Value>, Size>& all,
            Value otherwise) {
    for (const auto& [name, value] : all) {
        if (same_word(text, name)) return value;
    }
    return otherwise;
}

constexpr std::array<std::pair<std::string_view, event_status>, 3> statuses = {{
    {"CONFIRMED", event_status::confirmed},
    {"TENTATIVE", event_status::tentative},
    {"CANCELLED", event_status::cancelled},
}};

constexpr std::array<std::pair<std::string_view, participation>, 5> answers = {{
    {"NEEDS-ACTION", participation::needs_action},
    {"ACCEPTED", participation::accepted},
    {"DECLINED", participation::declined},
    {"TENTATIVE", participation::tentative},
    {"DELEGATED", participation::delegated},
}};

constexpr std::array<std::pair<std::string_view, attendee_role>, 4> roles = {{
    {"CHAIR", attendee_role::chair},
    {"REQ-PARTICIPANT", attendee_role::required},
    {"OPT-PARTICIPANT", attendee_role::optional},
    {"NON-PARTICIPANT", attendee_role::none},
}};

/// A mail address without its scheme, another URI with it. Nothing where it is too long or empty.
std::optional<std::string> address_of(std::string_view value) {
    constexpr std::string_view scheme = "mailto:";
    std::string out(value);
    std::erase_if(out, [](char c) { return c == ' ' || c == '\t'; });
    if (same_word(std::string_view(out).substr(0, scheme.size()), "MAILTO:")) {
        out.erase(0, scheme.size());
    }
    if (out.empty() || code_points(out) > longest_address) return std::nullopt;
    return out;
}

std::string name_of(const property& from) {
    return std::string(utf8_prefix(from.get("CN"), longest_name));
}

class reader {
  public:
    reader(const std::vector<property>& properties, file_zones& zones)
        : properties_(properties), zones_(zones) {}

    result<event_read> read() {
        if (auto why = read_identity()) return std::move(*why);
        if (auto why = read_times()) return std::move(*why);
        if (auto why = read_series()) return std::move(*why);
        if (fixed_ && out_.what.repeats()) {
            return no_event("its time zone is not known, and it repeats");
        }
        if (fixed_) remark("its time zone is not known; its times were put down in UTC");
        read_rest();
        return std::move(out_);
    }

  private:
    void remark(std::string what) { out_.remarks.push_back(std::move(what)); }

    /// The first property of a name; a second is not meant to be.
    const property* find(std::string_view name) {
        const auto at = std::ranges::find(properties_, name, &property::name);
        return at == properties_.end() ? nullptr : &*at;
    }

    std::string text_of(std::string_view name, std::size_t most, std::string_view what) {
        const auto* const from = find(name);
        if (from == nullptr) return {};
        const auto text = unescaped(from->value);
        const auto kept = utf8_prefix(text, most);
        if (kept.size() < text.size() || from->cut) {
            remark(std::string(what) + " was cut after " + std::to_string(most) + " characters");
        }
        return std::string(kept);
    }

    std::optional<failure> read_identity() {
        const auto* const uid = find("UID");
        if (uid == nullptr || uid->value.empty()) return no_event("it has no UID");
        out_.what.uid = unescaped(uid->value);
        // An index of a database takes so many octets of it.
        const bool fits = out_.what.uid.size() <= 2 * longest_uid;
        if (uid->cut || !fits || code_points(out_.what.uid) > longest_uid) {
            return no_event("its UID is longer than " + std::to_string(longest_uid) +
                            " characters");
        }
        if (const auto* const sequence = find("SEQUENCE")) {
            const auto& text = sequence->value;
            const auto* const end = text.data() + text.size();
            std::int64_t value = 0;
            const auto read = std::from_chars(text.data(), end, value);
            if (read.ec != std::errc{} || read.ptr != end || value < 0) {
                remark("its SEQUENCE is no number; it is taken as 0");
                value = 0;
            }
            out_.what.sequence = value;
        }
        return std::nullopt;
    }

    std::optional<failure> read_times() {
        auto& what = out_.what;
        const auto* const from = find("DTSTART");
        if (from == nullptr) return no_event("it has no DTSTART");
        auto start = zones_.read(*from, from->value, fixed_);
        if (!start) return start.error();
        what.start = std::move(*start);

        const auto* const end = find("DTEND");
        const auto* const duration = find("DURATION");
        auto length = end != nullptr        ? length_until(*end)
                      : duration != nullptr ? length_by(duration->value)
                                            : default_length();
        if (!length) return length.error();
        what.length = *length;

        if (const auto* const id = find("RECURRENCE-ID")) {
            bool fixed = false;
            auto when = zones_.read(*id, id->value, fixed);
            if (!when) return when.error();
            what.recurrence_id = std::move(*when);
            if (same_word(id->get("RANGE"), "THISANDFUTURE")) {
                remark("it changes what follows too; only the one occurrence was changed");
            }
        }
        return std::nullopt;
    }

    result<seconds> default_length() {
        return out_.what.start.form == time_form::all_day ? seconds{days{1}} : seconds{0};
    }

    result<seconds> checked(seconds length) {
        if (length < seconds{0}) return no_event("it ends before it starts");
        if (length > longest_event) return no_event("it lasts more than ten years");
        // Some write the day itself as its end.
        if (length == seconds{0}) return default_length();
        return length;
    }

    result<seconds> length_until(const property& from) {
        auto read = zones_.read(from, from.value, fixed_);
        if (!read) return read.error();
        auto& end = *read;
        const auto& start = out_.what.start;
        if ((end.form == time_form::all_day) != (start.form == time_form::all_day)) {
            return no_event("one of DTSTART and DTEND is a day, the other a time");
        }
        if (start.form != time_form::zoned) return checked(end.local - start.local);
        if (end.form == time_form::floating) end = {start.form, start.timezone, end.local};
        return checked(zones_.clock(end.timezone).to_instant(end.local) -
                       zones_.clock(start.timezone).to_instant(start.local));
    }

    result<seconds> length_by(std::string_view text) {
        const auto duration = parse_duration(text);
        if (!duration) return no_event("its DURATION is none");
        return checked(elapsed(out_.what.start.local, *duration));
    }

    /// How long a duration is from a wall clock's time: its days follow the clock.
    seconds elapsed(local_seconds from, const length_of_time& duration) {
        // What is refused anyway, before the clock counts years of it.
        if (duration.days > longest_event) return duration.days;
        const auto& start = out_.what.start;
        if (start.form != time_form::zoned) return duration.days + duration.time;
        auto& clock = zones_.clock(start.timezone);
        return clock.to_instant(from + duration.days) + duration.time - clock.to_instant(from);
    }

    std::optional<failure> read_series() {
        auto& what = out_.what;
        if (const auto* const from = find("RRULE")) {
            if (from->cut) return no_event("its recurrence rule is too long");
            auto rule = parse_rule(from->value);
            if (!rule) return rule.error();
            what.rule = std::move(*rule);
        }
        for (const auto& from : properties_) {
            if (from.name == "EXRULE") remark("its EXRULE, which no longer is one, was left out");
            if (from.name == "RDATE") {
                if (auto why = read_dates(from, [&](auto value) { return add_start(from, value); }))
                    return why;
            }
            if (from.name == "EXDATE") {
                if (auto why = read_dates(from, [&](auto value) { return exclude(from, value); }))
                    return why;
            }
        }
        std::ranges::sort(what.added, {}, [](const added_start& one) {
            return std::pair(one.start, one.length.value_or(seconds{-1}));
        });
        std::ranges::sort(what.excluded);
        const auto added = std::ranges::unique(what.added);
        what.added.erase(added.begin(), added.end());
        const auto excluded = std::ranges::unique(what.excluded);
        what.excluded.erase(excluded.begin(), excluded.end());
        return std::nullopt;
    }

    template <class Take>
    std::optional<failure> read_dates(const property& from, Take take) {
        std::string_view rest = from.value;
        if (from.cut) return no_event("its list of dates is too long");
        while (!rest.empty()) {
            const auto end = std::min(rest.find(','), rest.size());
            if (++dates_ > most_dates) {
                return no_event("it has more than " + std::to_string(most_dates) +
                                " added and excluded dates");
            }
            if (auto why = take(rest.substr(0, end))) return why;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return std::nullopt;
    }

    std::optional<failure> exclude(const property& from, std::string_view value) {
        auto when = zones_.read(from, value, fixed_);
        if (!when) return when.error();
        out_.what.excluded.push_back(on_clock(*when));
        return std::nullopt;
    }

    std::optional<failure> add_start(const property& from, std::string_view value) {
        const auto slash = value.find('/');
        auto when = zones_.read(from, value.substr(0, slash), fixed_);
        if (!when) return when.error();
        added_start added{on_clock(*when), std::nullopt};
        if (slash != std::string_view::npos) {
            if (when->form == time_form::all_day) return no_event("a period of it has no times");
            const auto end = value.substr(slash + 1);
            auto length = end.starts_with('P') ? length_from(added.start, end)
                                               : length_between(from, *when, end);
            if (!length) return length.error();
            added.length = *length;
        }
        out_.what.added.push_back(added);
        return std::nullopt;
    }

    result<seconds> length_from(local_seconds start, std::string_view text) {
        const auto duration = parse_duration(text);
        if (!duration) return no_event("a period's duration is none");
        return checked(elapsed(start, *duration));
    }

    result<seconds> length_between(const property& from, const moment& start,
                                   std::string_view text) {
        auto end = zones_.read(from, text, fixed_);
        if (!end) return end.error();
        return checked(on_clock(*end) - on_clock(start));
    }

    local_seconds on_clock(const moment& when) {
        const auto& start = out_.what.start;
        if (start.form == time_form::zoned && when.form == time_form::zoned &&
            start.timezone != when.timezone) {
            const auto at = zones_.clock(when.timezone).to_instant(when.local);
            return zones_.clock(start.timezone).to_local(at);
        }
        return on_clock_of(start, when);
    }

    void read_rest() {
        auto& what = out_.what;
        what.title = text_of("SUMMARY", longest_title, "its title");
        what.description = text_of("DESCRIPTION", longest_description, "its description");
        what.location = text_of("LOCATION", longest_location, "its location");
        if (const auto* const status = find("STATUS")) {
            what.status = named(status->value, statuses, event_status::confirmed);
        }
        const auto* const transparency = find("TRANSP");
        what.busy = transparency == nullptr || !same_word(transparency->value, "TRANSPARENT");
        if (const auto* const from = find("ORGANIZER")) {
            if (auto address = address_of(from->value)) {
                what.by = organizer{std::move(*address), name_of(*from)};
            }
        }
        for (const auto& from : properties_) {
            if (from.name == "ATTENDEE") add_attendee(from);
        }
    }

    void add_attendee(const property& from) {
        auto& all = out_.what.attendees;
        auto address = address_of(from.value);
        if (!address) return remark("an attendee without a usable address was left out");
        if (all.size() == most_attendees) {
            if (!too_many_) {
                remark("only the first " + std::to_string(most_attendees) +
                       " attendees were taken");
            }
            too_many_ = true;
            return;
        }
        all.push_back({std::move(*address), name_of(from),
                       named(from.get("ROLE"), roles, attendee_role::required),
                       named(from.get("PARTSTAT"), answers, participation::needs_action),
                       same_word(from.get("RSVP"), "TRUE")});
    }

    const std::vector<property>& properties_;
    file_zones& zones_;
    event_read out_;
    std::size_t dates_ = 0;
    bool fixed_ = false;
    bool too_many_ = false;
};

}  // namespace

void file_zones::define(zone_definition definition) {
    if (definitions_.size() >= most_definitions) return;
    auto tzid = definition.tzid;
    definitions_.try_emplace(std::move(tzid), std::move(definition));
}

zone_clock& file_zones::clock(const std::string& timezone) {
    return clocks_.try_emplace(timezone, timezone).first->second;
}

result<moment> file_zones::read(const property& from, std::string_view value, bool& fixed) {
    auto when = moment_of(value);
    if (!when) return no_event("its " + from.name + " is no date or time");
    if (same_word(from.get("VALUE"), "DATE") && when->form != time_form::all_day) {
        return no_event("its " + from.name + " is said to be a day and is none");
    }
    const auto tzid = from.get("TZID");
    if (tzid.empty() || when->form != time_form::floating) return std::move(*when);

    const auto definition = definitions_.find(std::string(tzid));
    const auto* const defined = definition == definitions_.end() ? nullptr : &definition->second;
    const auto y = static_cast<int>(year_month_day{floor<days>(when->local)}.year());
    std::pair key(std::string(tzid), defined == nullptr ? 0 : y);
    auto known = names_.find(key);
    if (known == names_.end()) {
        if (names_.size() >= most_zone_lookups) return no_event("the file has too many time zones");
        auto name = timezone_of(key.first, defined, when->local);
        known = names_.emplace(std::move(key), std::move(name)).first;
    }
    if (known->second) return moment{time_form::zoned, *known->second, when->local};
    std::optional<sys_seconds> at;
    if (defined != nullptr && ++defined_times_ <= most_defined_times) {
        at = to_instant(*defined, when->local);
    }
    if (!at) return no_event("the time zone of its " + from.name + " is not known");
    fixed = true;
    return utc_moment(*at);
}

std::optional<length_of_time> parse_duration(std::string_view text) {
    constexpr std::int64_t most = 100'000'000;
    if (text.starts_with('+')) text.remove_prefix(1);
    if (!text.starts_with('P') || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
    length_of_time out;
    bool in_time = false;
    while (!text.empty()) {
        if (text.front() == 'T' && !in_time && text.size() > 1) {
            in_time = true;
            text.remove_prefix(1);
            continue;
        }
        std::int64_t value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        const auto digits = static_cast<std::size_t>(read.ptr - text.data());
        if (read.ec != std::errc{} || value < 0 || value > most || digits == text.size()) {
            return std::nullopt;
        }
        switch (text[digits]) {
            case 'W':
                out.days += weeks{value};
                break;
            case 'D':
                out.days += days{value};
                break;
            case 'H':
                out.time += hours{value};
                break;
            case 'M':
                out.time += minutes{value};
                break;
            case 'S':
                out.time += seconds{value};
                break;
            default:
                return std::nullopt;
        }
        const bool of_days = text[digits] == 'W' || text[digits] == 'D';
        if (of_days == in_time) return std::nullopt;
        text.remove_prefix(digits + 1);
    }
    return out;
}

result<event_read> read_event(const std::vector<property>& properties, file_zones& zones) {
    return reader(properties, zones).read();
}

}  // namespace perin::calendar
