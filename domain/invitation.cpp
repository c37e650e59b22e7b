#include "domain/invitation.hpp"

#include "domain/calendar/calendar_writer.hpp"
#include "domain/text.hpp"
#include "domain/time_phrases.hpp"

#include <span>

namespace perin {

namespace {

constexpr std::size_t longest_title = 100;
constexpr std::size_t longest_name = 60;
constexpr std::size_t longest_note = 1'000;

std::string title_of(const booked_meeting& of) {
    return one_line(of.link.title, longest_title) + ": " + one_line(of.owner.name, longest_name) +
           " and " + one_line(of.what.who.name, longest_name);
}

struct wording {
    const char* subject;
    const char* sentence;
};

wording wording_of(meeting_news what) {
    switch (what) {
        case meeting_news::booked:
            return {"Booked: ", "The meeting is booked."};
        case meeting_news::moved:
            return {"Moved: ", "The meeting takes place at another time."};
        case meeting_news::cancelled:
            return {"Cancelled: ", "The meeting is cancelled."};
        case meeting_news::declined:
            return {"Declined: ", "The time that was asked for does not suit. Nothing is booked."};
        case meeting_news::lapsed:
            return {"Not confirmed: ", "The time was not confirmed. Nothing is booked."};
    }
    return {"", ""};
}

}  // namespace

calendar::event event_of(const booked_meeting& of) {
    calendar::event out;
    out.uid = of.what.id + "@perin";
    out.sequence = static_cast<std::int64_t>(of.what.version);
    out.title = title_of(of);
    out.description = utf8_prefix(of.what.note, longest_note);
    out.by = calendar::organizer{of.owner.email, one_line(of.owner.name, longest_name)};
    out.attendees = {{.address = of.what.who.email,
                      .name = one_line(of.what.who.name, longest_name),
                      .answer = calendar::participation::accepted}};
    place(out, of.what.time.starts_at, of.what.time.ends_at, of.link.rules.timezone);
    return out;
}

std::string invitation(const booked_meeting& of, meeting_news what, timestamp now) {
    if (what == meeting_news::declined || what == meeting_news::lapsed) return {};
    auto event = event_of(of);
    const bool cancelled = what == meeting_news::cancelled;
    if (cancelled) event.status = calendar::event_status::cancelled;
    const calendar::event one[] = {std::move(event)};
    return to_calendar(one, {.stamp = now, .method = cancelled ? "CANCEL" : "REQUEST"});
}

meeting_mail mail_of(const booked_meeting& of, meeting_news what, told_person to) {
    const bool guest = to == told_person::guest;
    const auto words = wording_of(what);
    const auto& timezone = guest ? of.what.who.timezone : of.owner.timezone;
    const auto title = title_of(of);
    meeting_mail out;
    out.to = guest ? of.what.who.email : of.owner.email;
    out.subject = words.subject + title;
    out.text = std::string(words.sentence) + "\n\n" + title + "\n" +
               spoken_time(of.what.time.starts_at, timezone) + " (" + one_line(timezone, 60) +
               ")\n";
    if (!guest) {
        out.text += "With " + one_line(of.what.who.name, longest_name) + ", " +
                    one_line(of.what.who.email, 254) + "\n";
        if (!of.what.note.empty())
            out.text += "They wrote: " + one_line(of.what.note, longest_note) + "\n";
    } else if (what == meeting_news::booked || what == meeting_news::moved) {
        out.text += "\nTo change or cancel it, open the link again by which you booked it.\n";
    }
    return out;
}

}  // namespace perin
