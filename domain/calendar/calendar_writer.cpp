#include "domain/calendar/calendar_writer.hpp"

#include "domain/calendar/content_line.hpp"
#include "domain/calendar/zone_clock.hpp"
#include "domain/calendar/zone_writer.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace perin::calendar {

namespace {

using namespace std::chrono;

/// For the zones of series, where their clocks follow no rule.
constexpr auto told_ahead = days{3'660};

constexpr std::array<const char*, 3> statuses = {"CONFIRMED", "TENTATIVE", "CANCELLED"};
constexpr std::array<const char*, 5> answers = {"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE",
                                                "DELEGATED"};
constexpr std::array<const char*, 4> roles = {"CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT",
                                              "NON-PARTICIPANT"};

template <class Names, class Value>
const char* name_of(const Names& names, Value value) {
    return names[static_cast<std::size_t>(value)];
}

/// An address as a URI; nothing in it can end its line.
std::string uri_of(std::string_view address) {
    std::string out;
    for (const char c : repaired_utf8(address)) {
        if (static_cast<unsigned char>(c) > ' ' && c != '\x7F') out += c;
    }
    const auto scheme = std::ranges::find_if_not(out, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '-' || c == '.';
    });
    const bool is_uri = scheme != out.end() && scheme != out.begin() && *scheme == ':';
    return is_uri ? out : "mailto:" + out;
}

class writer {
  public:
    writer(std::span<const event> events, const calendar_options& options)
        : events_(events), options_(options) {}

    std::string write() {
        for (const auto& one : events_) {
            if (!one.recurrence_id) series_.insert_or_assign(one.uid, &one);
        }
        line("BEGIN:VCALENDAR");
        line("VERSION:2.0");
        line("PRODID:-//Perin//Perin " PERIN_VERSION "//EN");
        line("CALSCALE:GREGORIAN");
        if (!options_.method.empty()) line("METHOD:" + escaped(options_.method));
        write_zones();
        for (const auto& one : events_) write_event(one);
        line("END:VCALENDAR");
        return std::move(out_);
    }

  private:
    void line(std::string_view text) { append_line(out_, text); }

    zone_clock& clock(const std::string& timezone) {
        return clocks_.try_emplace(timezone, timezone).first->second;
    }

    void write_zones() {
        struct use {
            sys_seconds from;
            sys_seconds until;
        };
        std::map<std::string, use> zones;
        for (const auto& one : events_) {
            if (one.start.form != time_form::zoned) continue;
            const auto start = clock(one.start.timezone).to_instant(one.start.local);
            auto end = start + one.length;
            if (one.repeats()) {
                // What COUNT comes to would cost its counting.
                end += told_ahead;
                if (one.rule && one.rule->until) {
                    end = std::max(end, sys_seconds{one.rule->until->local.time_since_epoch()});
                }
            }
            const auto [at, first] = zones.try_emplace(one.start.timezone, use{start, end});
            if (first) continue;
            at->second = {std::min(at->second.from, start), std::max(at->second.until, end)};
        }
        for (const auto& [name, when] : zones) {
            append_timezone(out_, name, when.from - days{1}, when.until + days{1});
        }
    }

    /// `;TZID=...:` or `;VALUE=DATE:`, and the text.
    static std::string dated(std::string_view name, const moment& when) {
        std::string out(name);
        if (when.form == time_form::all_day) out += ";VALUE=DATE";
        if (when.form == time_form::zoned && when.timezone != "UTC") {
            // No name of the tz database needs quotes; another comes from nobody's file.
            out += ";TZID=" + (is_timezone(when.timezone) ? when.timezone : "UTC");
        }
        return out + ':' + to_text(when);
    }

    void write_end(const event& one) {
        if (one.start.form != time_form::zoned) {
            moment end = one.start;
            end.local += one.length;
            return line(dated("DTEND", end));
        }
        auto& its_clock = clock(one.start.timezone);
        const auto end = its_clock.to_instant(one.start.local) + one.length;
        const auto local = its_clock.to_local(end);
        if (its_clock.to_instant(local) == end) {
            return line(dated("DTEND", {time_form::zoned, one.start.timezone, local}));
        }
        // The wall clock shows that time twice, and this is the second.
        line("DURATION:PT" + std::to_string(one.length.count()) + "S");
    }

    void write_event(const event& one) {
        line("BEGIN:VEVENT");
        line("UID:" + escaped(one.uid));
        line("DTSTAMP:" + to_text(utc_moment(floor<seconds>(options_.stamp))));
        line(dated("DTSTART", one.start));
        write_end(one);
        write_series(one);
        if (one.sequence != 0) line("SEQUENCE:" + std::to_string(one.sequence));
        if (!one.title.empty()) line("SUMMARY:" + escaped(one.title));
        if (!one.description.empty()) line("DESCRIPTION:" + escaped(one.description));
        if (!one.location.empty()) line("LOCATION:" + escaped(one.location));
        line(std::string("STATUS:") + name_of(statuses, one.status));
        line(one.busy ? "TRANSP:OPAQUE" : "TRANSP:TRANSPARENT");
        write_people(one);
        line("END:VEVENT");
    }

    void write_series(const event& one) {
        if (one.recurrence_id) line(dated("RECURRENCE-ID", written_id(one)));
        if (one.rule) line("RRULE:" + to_text(*one.rule));
        for (const auto& added : one.added) {
            moment start = one.start;
            start.local = added.start;
            if (!added.length || start.form == time_form::all_day) {
                line(dated("RDATE", start));
                continue;
            }
            line(dated("RDATE;VALUE=PERIOD", start) + "/PT" +
                 std::to_string(added.length->count()) + 'S');
        }
        for (const auto at : one.excluded) {
            moment start = one.start;
            start.local = at;
            line(dated("EXDATE", start));
        }
    }

    /// The recurrence id on the clock of its series (section 3.8.4.4), where that can tell it.
    moment written_id(const event& one) {
        const auto series = series_.find(one.uid);
        const auto& id = *one.recurrence_id;
        if (series == series_.end() || id.form != time_form::zoned) return id;
        const auto& start = series->second->start;
        if (start.form != time_form::zoned) return id;
        auto& its_clock = clock(start.timezone);
        const sys_seconds at{id.local.time_since_epoch()};
        const auto local = its_clock.to_local(at);
        if (its_clock.to_instant(local) != at) return id;
        return {time_form::zoned, start.timezone, local};
    }

    void write_people(const event& one) {
        const auto name = [](const std::string& of) {
            return of.empty() ? std::string() : parameter_text("CN", of);
        };
        if (one.by) line("ORGANIZER" + name(one.by->name) + ':' + uri_of(one.by->address));
        for (const auto& who : one.attendees) {
            std::string text = "ATTENDEE" + name(who.name) + ";ROLE=" + name_of(roles, who.role) +
                               ";PARTSTAT=" + name_of(answers, who.answer);
            if (who.reply_wanted) text += ";RSVP=TRUE";
            line(text + ':' + uri_of(who.address));
        }
    }

    std::span<const event> events_;
    const calendar_options& options_;
    std::string out_;
    std::unordered_map<std::string_view, const event*> series_;
    std::unordered_map<std::string, zone_clock> clocks_;
};

}  // namespace

std::string to_calendar(std::span<const event> events, const calendar_options& options) {
    return writer(events, options).write();
}

}  // namespace perin::calendar
