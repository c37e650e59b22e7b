#include "domain/offline/guest_talk.hpp"

#include "domain/meant_time.hpp"
#include "domain/offline/guest_wish.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>

namespace perin::offline {

namespace {

using nlohmann::json;
using std::chrono::minutes;
using found_step = std::optional<guest_step>;

constexpr std::string_view check_tool = "delegation_check_availability";
constexpr std::string_view book_tool = "delegation_schedule_meeting";

guest_step words(std::string text) { return {.text = std::move(text)}; }

std::string own_introduction(const question& asked) {
    return introduction(asked.context) + " I arrange a meeting with " +
           owner_of(*asked.context.link) + ".";
}

std::string own_abilities(const question& asked) {
    const auto& link = *asked.context.link;
    return "This link is for " + in_quotes(link.title) + ", " + spoken_lengths(link) +
           (link.approval ? ", and " + owner_of(link) + " decides on each booking" : "") +
           ". Ask when there is time (\xE2\x80\x9Cwhen are you free next week?\xE2\x80\x9D), or "
           "name a time (\xE2\x80\x9CTuesday at 10\xE2\x80\x9D), with your name and your mail "
           "address.";
}

std::string which_time(const question& asked) {
    const auto free = next_free(asked.context);
    return free.empty() ? "Which day would suit you?" : free;
}

std::string missing(const guest_wish& wish, const link_context& link) {
    std::vector<std::string> all;
    if (wish.name.empty()) all.emplace_back("your name");
    if (wish.email.empty()) all.emplace_back("your mail address");
    if (!length_of(wish, link))
        all.push_back("to know how long it shall be (" + spoken_lengths(link) + ")");
    std::string out;
    for (std::size_t i = 0; i < all.size(); ++i)
        out += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + all[i];
    return out;
}

/// What was chosen, and what is still missing for it.
std::string noted(const question& asked, const guest_wish& wish, const std::string& lacks) {
    const auto& link = *asked.context.link;
    const auto end = *wish.start + length_of(wish, link).value_or(minutes{0});
    return std::string(told_noted) +
           spoken_span(span_at(*wish.start, end, asked.context.timezone)) +
           std::string(told_missing) + lacks + "." +
           (wish.last.unusable_email ? " What you gave is no mail address that I can use." : "") +
           " (Times are told on the clock of " + asked.context.timezone + ".)";
}

/// What to say where a message adds nothing: a time that was chosen stays so.
std::string what_next(const question& asked, const guest_wish& wish) {
    if (!wish.start) return which_time(asked);
    const auto lacks = missing(wish, *asked.context.link);
    return lacks.empty() ? which_time(asked) : noted(asked, wish, lacks);
}

// ---------------------------------------------------------------------------------------- rows

found_step about_me(const question& asked, const guest_wish& wish) {
    const auto& turn = wish.last;
    const bool timed = turn.chose || !turn.when.empty() || !turn.question.empty();
    if (timed || (!match_about_me(asked) && !asks_about_link(turn.said))) return std::nullopt;
    return words(own_introduction(asked) + " " + own_abilities(asked));
}

found_step other_things(const question& asked, const guest_wish& wish) {
    const auto& said = wish.last.said;
    if (!asks_for_other_things(said) && !is_other_question(said)) return std::nullopt;
    return words("That is nothing I can tell or do here: I only arrange this meeting with " +
                 owner_of(*asked.context.link) + ". " + own_abilities(asked));
}

bool is_made(const link_context& link) {
    return link.progress == meeting_progress::booked ||
           link.progress == meeting_progress::awaiting_approval ||
           link.progress == meeting_progress::under_way;
}

found_step change(const question& asked, const guest_wish& wish) {
    const auto& said = wish.last.said;
    if (!asks_to_cancel(said) && !asks_to_move(said)) return std::nullopt;
    const bool told = std::any_of(asked.before.begin(), asked.before.end(),
                                  [](const auto& each) { return tells_of_booking(each.answer); });
    if (is_made(*asked.context.link) || told) return words(std::string(told_elsewhere));
    // "Move it to Tuesday at 11": before anything is booked another time is chosen.
    if (wish.last.chose || !wish.last.when.empty() || !wish.last.question.empty())
        return std::nullopt;
    return words("Nothing has been booked here yet, so there is nothing to change. " +
                 what_next(asked, wish));
}

found_step standing(const question& asked, const guest_wish& wish) {
    if (!asks_how_it_stands(wish.last.said)) return std::nullopt;
    const auto how = standing_of(asked.context);
    return words(how.empty() ? "Nothing has been booked here yet. " + what_next(asked, wish) : how);
}

found_step closed(const question& asked, const guest_wish& wish) {
    const auto& link = *asked.context.link;
    const auto& turn = wish.last;
    const bool wants = turn.chose || !turn.when.empty() || !turn.question.empty() ||
                       turn.gave_length || asks_to_book(turn.said) || asks_when(turn.said);
    if (link.open || !wants) return std::nullopt;
    const auto how = standing_of(asked.context);
    return words((how.empty() ? "" : how + " ") + "No other time can be booked by this link.");
}

found_step refused_length(const question& asked, const guest_wish& wish) {
    if (!wish.last.refused_length) return std::nullopt;
    return words("Meetings of this link take " + spoken_lengths(*asked.context.link) +
                 ". How long shall it be, and when?");
}

found_step asked_back(const question&, const guest_wish& wish) {
    if (wish.last.question.empty()) return std::nullopt;
    auto text = wish.last.question;
    if (text.find('?') == std::string::npos) text += " Which one do you mean?";
    return words(text + listed_offers(wish.last.choices));
}

found_step book(const question& asked, const guest_wish& wish) {
    const auto& turn = wish.last;
    if (!wish.start) return std::nullopt;
    const bool goes_on = turn.chose || turn.gave_name || turn.gave_email || turn.gave_length ||
                         turn.unusable_email || asks_to_book(turn.said);
    if (!goes_on) return std::nullopt;
    const auto& link = *asked.context.link;
    if (const auto lacks = missing(wish, link); !lacks.empty())
        return words(noted(asked, wish, lacks));
    return guest_step{.tool = book_tool,
                      .arguments = {{"start", to_rfc3339(*wish.start, asked.context.timezone)},
                                    {"durationMins", length_of(wish, link)->count()},
                                    {"name", wish.name},
                                    {"email", wish.email}},
                      .activity = "book a time"};
}

found_step look(const question& asked, const guest_wish& wish) {
    const auto& turn = wish.last;
    const bool wants = !turn.when.empty() || turn.gave_length || asks_when(turn.said) ||
                       asks_to_book(turn.said) || names_meeting(turn.said);
    if (!wants) return std::nullopt;
    guest_step step{
        .tool = check_tool, .arguments = json::object(), .activity = "look up free times"};
    if (!turn.when.empty()) step.arguments["when"] = turn.when;
    if (const auto length = length_of(wish, *asked.context.link))
        step.arguments["durationMins"] = length->count();
    return step;
}

found_step details(const question& asked, const guest_wish& wish) {
    const auto& turn = wish.last;
    if (turn.unusable_email)
        return words("What you gave is no mail address that I can use: what is your mail address?");
    if (!turn.gave_name && !turn.gave_email) return std::nullopt;
    return words((wish.name.empty() ? "Thank you." : "Thank you, " + wish.name + ".") + " " +
                 which_time(asked));
}

found_step small_talk(const question& asked, const guest_wish& wish) {
    const auto what = match_small_talk(asked);
    if (!what) return std::nullopt;
    if (what->subject == "thanks") return words("You are welcome!");
    if (what->subject == "bye") return words("Goodbye!");
    if (what->subject == "hello" || asked.first)
        return words("Hello! " + own_introduction(asked) + " " + own_abilities(asked));
    return words("All right. " + what_next(asked, wish));
}

found_step anything(const question& asked, const guest_wish&) {
    return words("I am afraid I do not understand that. " + own_introduction(asked) + " " +
                 own_abilities(asked));
}

/// Tried from the top; the last takes whatever is left.
constexpr std::array rows{about_me,   other_things, change, standing, closed,     refused_length,
                          asked_back, book,         look,   details,  small_talk, anything};

}  // namespace

guest_step guest_step_of(const question& asked) {
    const auto wish = read_wish(asked);
    for (const auto& row : rows)
        if (auto step = row(asked, wish)) return std::move(*step);
    return {};
}

std::string spoken_lengths(const link_context& link) {
    std::string out;
    for (std::size_t i = 0; i < link.durations.size(); ++i)
        out += (i == 0                           ? ""
                : i + 1 == link.durations.size() ? " or "
                                                 : ", ") +
               std::to_string(link.durations[i].count());
    return out + " minutes";
}

std::string owner_of(const link_context& link) {
    return link.owner_name.empty() ? "the owner of this link" : shown_title(link.owner_name);
}

std::string next_free(const assistant_context& context) {
    constexpr std::size_t most = 5;
    const auto& link = *context.link;
    std::vector<offer> offers;
    for (const auto& each : link.offered) {
        if (offers.size() == most) break;
        offers.push_back({.when = span_at(each.start, each.end, context.timezone)});
    }
    if (offers.empty() || !link.open) return {};
    return "The next free times (" + context.timezone + "):" + listed_offers(offers) +
           "\nWhich one suits you?";
}

std::string standing_of(const assistant_context& context) {
    const auto& link = *context.link;
    const auto when =
        link.chosen ? spoken_span(span_at(link.chosen->start, link.chosen->end, context.timezone)) +
                          " (" + context.timezone + ")"
                    : std::string("the time that was chosen");
    switch (link.progress) {
        case meeting_progress::none:
        case meeting_progress::choosing:
            return {};
        case meeting_progress::under_way:
            return "It is being booked: " + when + ".";
        case meeting_progress::awaiting_approval:
            return "It waits for the approval of " + owner_of(link) + ": " + when + ".";
        case meeting_progress::booked:
            return "It is booked: " + when + ".";
    }
    return {};
}

}  // namespace perin::offline
