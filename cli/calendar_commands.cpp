#include "cli/calendar_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/json_text.hpp"
#include "cli/part_file.hpp"
#include "cli/table.hpp"
#include "cli/time_argument.hpp"
#include "domain/calendar/calendar_reader.hpp"
#include "domain/text.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>

namespace perin::cli {

namespace {

using namespace std::chrono;
using nlohmann::json;

constexpr days listed_ahead{7};
constexpr std::size_t most_listed = 1'000;
constexpr hours usual_length{1};

/// `2026-12-01 09:00` of RFC 3339 with an offset.
std::string minute_of(const std::string& local) {
    return local.size() < 16 ? local : local.substr(0, 10) + " " + local.substr(11, 5);
}

/// The last day of an event that ends at that midnight.
std::string last_day_of(const std::string& local) {
    const auto end = from_rfc3339(local.substr(0, 10) + "T00:00:00Z");
    return end ? to_rfc3339(*end - days{1}).substr(0, 10) : local;
}

std::string start_of(const json& event) {
    const auto local = member(event, "startLocal");
    return event.value("allDay", json()) == json(true) ? local.substr(0, 10) : minute_of(local);
}

std::string end_of(const json& event) {
    const auto local = member(event, "endLocal");
    if (event.value("allDay", json()) == json(true)) return last_day_of(local);
    const auto start = member(event, "startLocal");
    const bool same_day = start.substr(0, 10) == local.substr(0, 10);
    return same_day ? minute_of(local).substr(11) : minute_of(local);
}

std::string described(const json& event) {
    return shown(member(event, "title")) + ", " + start_of(event) + " to " + end_of(event);
}

exit_code print_json(const calendar_context& with, const json& what,
                     exit_code code = exit_code::done) {
    with.about.at.out() << what.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    return code;
}

/// The whole of a stream, as long as it may be one file.
result<std::string> read_all(std::istream& from, const std::string& name) {
    std::string text;
    std::string piece(std::size_t{1} << 16U, '\0');
    while (from) {
        from.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        text.append(piece, 0, static_cast<std::size_t>(from.gcount()));
        if (text.size() > calendar::largest_calendar_file)
            return failure{error_code::too_large, name + " is over 20 MiB"};
    }
    if (from.bad()) return failure{error_code::internal, name + " cannot be read"};
    return text;
}

result<std::string> read_file(const std::string& name, std::istream& input) {
    if (name == "-") return read_all(input, "standard input");
    std::error_code ignored;
    if (std::filesystem::is_directory(name, ignored))
        return failure{error_code::internal, name + " is a folder"};
    std::ifstream file(name, std::ios::binary);
    if (!file) return failure{error_code::internal, name + ": " + std::strerror(errno)};
    return read_all(file, name);
}

/// What of the command line becomes an event.
result<calendar::event_request> request_of(const calendar_add& wanted, timestamp now,
                                           const std::string& timezone) {
    const auto start = read_time("--start", wanted.start, now, timezone);
    if (!start) return start.error();
    const bool moment = start->precision == time_phrase::precision::minute;
    if (!moment && !wanted.all_day && !wanted.end)
        return failure{error_code::invalid_request,
                       "--start: says no time of the day; add one, or --all-day"};
    calendar::event_request out{.title = wanted.title,
                                .starts_at = start->start,
                                .ends_at = start->start,
                                .all_day = wanted.all_day,
                                .location = wanted.location,
                                .description = wanted.description,
                                .repeat = wanted.repeat};
    if (wanted.end) {
        const auto end = read_end_time("--end", *wanted.end, start->start, timezone);
        if (!end) return end.error();
        // Until a day is with that day.
        const bool day = end->precision != time_phrase::precision::minute && end->end;
        out.ends_at = wanted.all_day && day ? *end->end : end->start;
    } else if (start->length) {
        out.ends_at += *start->length;
    } else if (start->end) {
        out.ends_at = *start->end;
    } else if (!wanted.all_day) {
        out.ends_at += usual_length;
    }
    return out;
}

exit_code say_taken(const calendar_context& with, const json& answer) {
    if (with.about.json) return print_json(with, answer, exit_code::failed);
    auto& err = with.about.at.err();
    err << "perin: " << member(answer, "reason") << '\n';
    for (const auto& each : items(answer, "inTheWay")) err << "  " << described(each) << '\n';
    const auto free = items(answer, "alternatives");
    if (!free.empty()) err << "free near it:\n" << std::flush;
    for (const auto& each : free)
        with.about.at.out() << start_of(each) << " to " << end_of(each) << '\n';
    return exit_code::failed;
}

exit_code write_file(const calendar_context& with, const std::string& name,
                     const std::string& text) {
    namespace fs = std::filesystem;
    const auto target = fs::absolute(name);
    std::error_code ignored;
    const bool replaces = fs::exists(fs::symlink_status(target, ignored));
    if (replaces)
        if (const auto end = doubt(with.about, "Replace " + target.string() + "?")) return *end;
    auto part = part_file::begin(target);
    if (!part) return complain(with.about.at, part.error());
    std::ofstream file(part->path(), std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file)
        return complain(with.about.at,
                        {error_code::internal, target.string() + " cannot be written"});
    file.close();
    if (auto placed = part->place(replaces); !placed)
        return complain(with.about.at, placed.error());
    return say(with.about, json{{"file", target.string()}, {"bytes", text.size()}},
               "wrote " + target.string());
}

}  // namespace

exit_code run(const calendar_list& wanted, const calendar_context& with) {
    auto& at = with.about.at;
    const auto owner = with.calendar.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    runtime::list_entries range;
    range.limit = most_listed;
    range.from = with.about.now;
    range.until = range.from + listed_ahead;
    if (wanted.from) {
        const auto from = read_time("--from", *wanted.from, with.about.now, owner->timezone);
        if (!from) return complain(at, from.error());
        range.from = from->start;
        const bool long_one = from->precision == time_phrase::precision::week ||
                              from->precision == time_phrase::precision::month;
        range.until = long_one && from->end ? *from->end : range.from + listed_ahead;
    }
    if (wanted.to) {
        const auto to = read_time("--to", *wanted.to, with.about.now, owner->timezone);
        if (!to) return complain(at, to.error());
        range.until = to->end.value_or(to->start);
    }
    if (range.until <= range.from)
        return complain(at, {error_code::invalid_request, "--to: is not after --from"});
    const auto listed = with.calendar.list(*owner, range);
    if (!listed) return complain(at, listed.error());
    if (with.about.json) return print_json(with, *listed);
    table rows{{"START", "END", "TITLE", "LOCATION", "ID"}};
    for (const auto& each : items(*listed, "items"))
        rows.push_back({start_of(each), end_of(each), shown(member(each, "title")),
                        shown(member(each, "location")), member(each, "id")});
    if (rows.size() > 1) print(at.out(), rows);
    if (listed->value("more", json()) == json(true))
        note(with.about, "there are more; see less at once by --from and --to");
    return exit_code::done;
}

exit_code run(const calendar_add& wanted, const calendar_context& with) {
    auto& at = with.about.at;
    const auto owner = with.calendar.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const auto request = request_of(wanted, with.about.now, owner->timezone);
    if (!request) return complain(at, request.error());
    // Here too, so that both ways refuse it alike.
    if (const auto event = calendar::event_of(*request, owner->timezone); !event)
        return complain(at, event.error());
    const auto answer = with.calendar.add(*owner, *request, wanted.overlap);
    if (!answer) return complain(at, answer.error());
    if (member(*answer, "status") != "created") return say_taken(with, *answer);
    const auto event = answer->value("event", json::object());
    return say(with.about, *answer, "added " + described(event) + ", " + member(event, "id"));
}

exit_code run(const calendar_import& wanted, const calendar_context& with) {
    auto& at = with.about.at;
    const auto owner = with.calendar.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    auto text = read_file(wanted.file, with.input);
    if (!text) return complain(at, text.error());
    const auto report = with.calendar.import(*owner, std::move(*text));
    if (!report) {
        // The file is what is wrong, not the usage.
        const auto code = complain(at, report.error());
        return report.error().code == error_code::invalid_request ? exit_code::failed : code;
    }
    if (with.about.json) return print_json(with, *report);
    for (const auto& each : items(*report, "problems")) {
        const auto uid = member(each, "uid");
        at.err() << "line " << each.value("line", std::uint64_t{0})
                 << (uid.empty() ? "" : " (" + shown(uid) + ")") << ": "
                 << shown(member(each, "what"), 300) << '\n';
    }
    const auto count = [&](const char* name) {
        return std::to_string(report->value(name, std::uint64_t{0}));
    };
    if (report->value("problemsLeftOut", std::uint64_t{0}) > 0)
        note(with.about, count("problemsLeftOut") + " more problems");
    at.out() << "added " << count("added") << ", replaced " << count("replaced") << ", unchanged "
             << count("unchanged") << '\n';
    return exit_code::done;
}

exit_code run(const calendar_export& wanted, const calendar_context& with) {
    auto& at = with.about.at;
    const auto owner = with.calendar.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const auto text = with.calendar.export_all(*owner);
    if (!text) return complain(at, text.error());
    if (wanted.file != "-") return write_file(with, wanted.file, *text);
    at.out() << *text;
    return exit_code::done;
}

exit_code run(const calendar_feed& wanted, const calendar_context& with) {
    using runtime::feed_change;
    auto& at = with.about.at;
    const auto owner = with.calendar.owner(wanted.email);
    if (!owner) return complain(at, owner.error());
    const std::string warning = "Whoever reads the calendar at the present address no longer can.";
    if (wanted.revoke) {
        if (const auto end = doubt(with.about, warning + " Go on?")) return *end;
        const auto ended = with.calendar.change_feed(*owner, feed_change::end);
        if (!ended) return complain(at, ended.error());
        return say(with.about, json{{"url", nullptr}}, "the calendar has no address any more");
    }
    auto url = with.calendar.change_feed(
        *owner, with.about.yes ? feed_change::replace : feed_change::begin);
    if (!url && url.error().code == error_code::conflict) {
        if (const auto end = doubt(with.about, warning + " Go on?")) return *end;
        url = with.calendar.change_feed(*owner, feed_change::replace);
    }
    if (!url) return complain(at, url.error());
    return say(with.about, json{{"url", *url}}, *url);
}

}  // namespace perin::cli
