#include "domain/calendar/calendar_reader.hpp"

#include "domain/calendar/event_reader.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

namespace perin::calendar {

namespace {

constexpr std::size_t deepest = 16;
constexpr std::size_t most_changes_of_zone = 200;
// A file of events that mean something has some fifteen of each.
constexpr std::size_t most_properties = 1'000'000;
constexpr std::size_t longest_told_uid = 100;

constexpr std::array<std::string_view, 17> event_properties = {
    "UID",    "SEQUENCE", "SUMMARY",  "DESCRIPTION", "LOCATION",     "STATUS",
    "TRANSP", "DTSTART",  "DTEND",    "DURATION",    "RRULE",        "RDATE",
    "EXDATE", "EXRULE",   "ATTENDEE", "ORGANIZER",   "RECURRENCE-ID"};

/// A component that has begun.
struct open_component {
    std::string name;
    std::size_t line;
};

/// An event as it stands in the file. Its zones may be defined after it.
struct raw_event {
    std::size_t line;
    std::vector<property> properties;
};

std::string told_uid(const std::vector<property>& properties) {
    const auto at = std::ranges::find(properties, "UID", &property::name);
    if (at == properties.end()) return {};
    return std::string(utf8_prefix(unescaped(at->value), longest_told_uid));
}

/// `+0130`, `-083000`: RFC 5545 section 3.3.14.
std::optional<seconds> offset_of(std::string_view text) {
    if (text.size() != 5 && text.size() != 7) return std::nullopt;
    const bool negative = text.front() == '-';
    if (!negative && text.front() != '+') return std::nullopt;
    std::array<int, 3> parts{};
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        auto& part = parts[(i - 1) / 2];
        part = part * 10 + (text[i] - '0');
    }
    if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
    const seconds size{parts[0] * 3'600 + parts[1] * 60 + parts[2]};
    return negative ? -size : size;
}

/// Reads STANDARD and DAYLIGHT; nothing where it says not when or by how much.
std::optional<zone_change> change_of(const std::vector<property>& properties) {
    zone_change out;
    bool starts = false;
    bool from = false;
    bool to = false;
    for (const auto& one : properties) {
        if (one.cut) return std::nullopt;
        if (one.name == "DTSTART") {
            const auto when = moment_of(one.value);
            if (!when) return std::nullopt;
            out.start = when->local;
            starts = true;
        } else if (one.name == "TZOFFSETFROM" || one.name == "TZOFFSETTO") {
            const auto offset = offset_of(one.value);
            if (!offset) return std::nullopt;
            (one.name == "TZOFFSETTO" ? out.offset_to : out.offset_from) = *offset;
            (one.name == "TZOFFSETTO" ? to : from) = true;
        } else if (one.name == "RRULE") {
            auto rule = parse_rule(one.value);
            if (!rule) return std::nullopt;
            out.rule = std::move(*rule);
        } else if (one.name == "RDATE") {
            std::string_view rest = one.value;
            while (!rest.empty() && out.further.size() < most_changes_of_zone) {
                const auto end = std::min(rest.find(','), rest.size());
                if (const auto when = moment_of(rest.substr(0, end))) {
                    out.further.push_back(when->local);
                }
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
        }
    }
    if (!starts || !from || !to) return std::nullopt;
    return out;
}

class file_reader {
  public:
    explicit file_reader(std::string_view text) : lines_(text) {}

    result<imported> read() {
        while (const auto line = lines_.next()) {
            if (auto why = take(*line)) return std::move(*why);
        }
        if (!found_calendar_) {
            return failure{error_code::invalid_request, "the text is no iCalendar file"};
        }
        close_down_to(0);
        read_events();
        return std::move(out_);
    }

  private:
    void problem(std::size_t line, std::string uid, std::string what) {
        if (out_.problems.size() < most_problems) {
            out_.problems.push_back({line, std::move(uid), std::move(what)});
        } else {
            ++out_.problems_left_out;
        }
    }

    void problem_once(bool& told, std::size_t line, std::string what) {
        if (!told) problem(line, {}, std::move(what));
        told = true;
    }

    [[nodiscard]] bool within(std::string_view name) const {
        return deeper_ == 0 && !open_.empty() && open_.back().name == name;
    }

    std::optional<failure> take(const content_line& line) {
        if (line.repaired) {
            problem_once(told_repair_, line.line,
                         "the text is not all UTF-8; what could not be read was replaced");
        }
        if (line.cleaned) {
            problem_once(told_cleaning_, line.line, "control characters were left out");
        }
        auto read = parse_property(line);
        if (!read) {
            if (deeper_ == 0) problem(line.line, {}, "the line is no property");
            return std::nullopt;
        }
        if (read->name == "BEGIN") return begin(*read);
        if (read->name == "END") {
            end(*read);
            return std::nullopt;
        }
        if (open_.empty()) {
            problem_once(told_outside_, line.line, "the text goes on outside of a calendar");
        } else if (deeper_ == 0) {
            keep(std::move(*read));
        }
        if (kept_ > most_properties) {
            return failure{error_code::too_large, "the file has too many properties"};
        }
        return std::nullopt;
    }

    static std::string component_name(const property& from) {
        std::string name = from.value.substr(0, 64);
        std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
        for (char& c : name) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        return name;
    }

    std::optional<failure> begin(const property& from) {
        if (deeper_ > 0 || open_.size() >= deepest) {
            problem_once(told_depth_, from.line, "components nest too deep; they were left out");
            ++deeper_;
            return std::nullopt;
        }
        auto name = component_name(from);
        // An event holds neither of these: the last one was not ended.
        if (name == "VEVENT" || name == "VCALENDAR") {
            const auto at = std::ranges::find(open_, "VEVENT", &open_component::name);
            if (at != open_.end()) close_down_to(static_cast<std::size_t>(at - open_.begin()));
        }
        if (name == "VCALENDAR") found_calendar_ = true;
        if (name == "VEVENT") {
            if (raw_.size() >= most_events_of_file) {
                return failure{
                    error_code::too_large,
                    "the file has more than " + std::to_string(most_events_of_file) + " events"};
            }
            current_ = {from.line, {}};
        }
        if (name == "VTIMEZONE") zone_ = {};
        if (name == "STANDARD" || name == "DAYLIGHT") change_.clear();
        open_.push_back({std::move(name), from.line});
        return std::nullopt;
    }

    void end(const property& from) {
        if (deeper_ > 0) {
            --deeper_;
            return;
        }
        const auto name = component_name(from);
        const auto at =
            std::ranges::find(open_.rbegin(), open_.rend(), name, &open_component::name);
        if (at == open_.rend()) {
            problem(from.line, {}, "something ends here that has not begun");
            return;
        }
        close_down_to(static_cast<std::size_t>(open_.rend() - at));
        const bool in_zone = open_.size() > 1 && open_[open_.size() - 2].name == "VTIMEZONE";
        if (name == "VEVENT") raw_.push_back(std::move(current_));
        if (name == "VTIMEZONE" && !zone_.tzid.empty()) zones_.define(std::move(zone_));
        if (in_zone && (name == "STANDARD" || name == "DAYLIGHT")) {
            auto change = change_of(change_);
            if (!change) {
                problem(open_.back().line, {}, "the change of a time zone's clock is not readable");
            } else if (zone_.changes.size() < most_changes_of_zone) {
                zone_.changes.push_back(std::move(*change));
            }
        }
        open_.pop_back();
    }

    /// Drops what was begun and not ended, until `depth` components are open.
    void close_down_to(std::size_t depth) {
        for (; open_.size() > depth; open_.pop_back()) {
            const auto& one = open_.back();
            if (one.name == "VEVENT") {
                problem(one.line, told_uid(current_.properties), "the event is not ended");
            } else {
                problem(one.line, {}, "a component is not ended");
            }
        }
    }

    void keep(property read) {
        if (within("VEVENT")) {
            if (std::ranges::find(event_properties, read.name) != event_properties.end()) {
                current_.properties.push_back(std::move(read));
                ++kept_;
            }
        } else if (within("VTIMEZONE")) {
            if (read.name == "TZID") zone_.tzid = std::move(read.value);
            if (read.name == "X-LIC-LOCATION") zone_.location = std::move(read.value);
        } else if (within("STANDARD") || within("DAYLIGHT")) {
            change_.push_back(std::move(read));
            ++kept_;
        } else if (within("VCALENDAR") && read.name == "METHOD") {
            out_.method = component_name(read);
        }
    }

    void read_events() {
        // Which of the events read so far has this UID and occurrence.
        std::map<std::pair<std::string, std::string>, std::size_t> known;
        std::vector<std::size_t> lines;
        for (const auto& raw : raw_) {
            auto read = read_event(raw.properties, zones_);
            const auto uid = told_uid(raw.properties);
            if (!read) {
                problem(raw.line, uid, read.error().detail);
                continue;
            }
            for (auto& remark : read->remarks) problem(raw.line, uid, std::move(remark));
            out_.events.push_back(std::move(read->what));
            lines.push_back(raw.line);
        }
        settle_recurrence_ids();

        std::vector<bool> beaten(out_.events.size());
        for (std::size_t i = 0; i < out_.events.size(); ++i) {
            const auto& one = out_.events[i];
            auto id = one.recurrence_id ? to_text(*one.recurrence_id) : std::string();
            const auto [at, first] = known.try_emplace({one.uid, std::move(id)}, i);
            if (first) continue;
            const bool newer = one.sequence >= out_.events[at->second].sequence;
            const auto loser = newer ? std::exchange(at->second, i) : i;
            beaten[loser] = true;
            problem(lines[loser], std::string(utf8_prefix(one.uid, longest_told_uid)),
                    "the same event comes in a later version");
        }
        std::size_t i = 0;
        std::erase_if(out_.events, [&](const event&) { return beaten[i++]; });
    }

    /// Puts each recurrence id on the clock of its series, by which it is found.
    void settle_recurrence_ids() {
        std::unordered_map<std::string, const event*> series;
        for (const auto& one : out_.events) {
            if (!one.recurrence_id) series.insert_or_assign(one.uid, &one);
        }
        for (auto& one : out_.events) {
            if (!one.recurrence_id) continue;
            const auto master = series.find(one.uid);
            if (master != series.end()) {
                const auto& start = master->second->start;
                one.recurrence_id =
                    recurrence_id_of(*master->second, on_clock_of(start, *one.recurrence_id));
            } else if (one.recurrence_id->form == time_form::zoned) {
                one.recurrence_id = utc_moment(
                    zones_.clock(one.recurrence_id->timezone).to_instant(one.recurrence_id->local));
            }
        }
    }

    content_reader lines_;
    imported out_;
    file_zones zones_;
    std::vector<raw_event> raw_;
    std::vector<open_component> open_;
    /// How many components are open beyond the deepest that are looked at.
    std::size_t deeper_ = 0;
    std::size_t kept_ = 0;
    raw_event current_{};
    zone_definition zone_;
    std::vector<property> change_;
    bool found_calendar_ = false;
    bool told_repair_ = false;
    bool told_cleaning_ = false;
    bool told_outside_ = false;
    bool told_depth_ = false;
};

}  // namespace

result<imported> parse_calendar(std::string_view text) {
    if (text.size() > largest_calendar_file) {
        return failure{error_code::too_large, "the file is larger than 20 MiB"};
    }
    if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) {
        return failure{error_code::invalid_request, "the file is in UTF-16; it has to be in UTF-8"};
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return file_reader(text).read();
}

}  // namespace perin::calendar
