#include "domain/offline/calendar_follow_up.hpp"

#include "domain/offline/calendar_offers.hpp"
#include "domain/offline/time_words.hpp"
#include "domain/text.hpp"
#include "domain/time_grammar/clocks.hpp"

#include <algorithm>
#include <array>

namespace perin::offline {

namespace {

using found_step = std::optional<calendar_step>;

constexpr std::size_t longest_reply = 300;
constexpr std::size_t longest_request = 1'000;
constexpr std::size_t longest_rest = 4;

bool asks_back(std::string_view answer) { return answer.find('?') != std::string_view::npos; }

bool is_pronoun(std::string_view what) {
    return is_any(what, {"it", "that", "this", "that one", "this one", "them", "one", "that event",
                         "this event", "that meeting", "this meeting", "the one"});
}

bool gives_up(std::string_view lower) {
    return is_any(lower, {"no",
                          "nope",
                          "none",
                          "none of them",
                          "none of these",
                          "neither",
                          "never mind",
                          "nevermind",
                          "forget it",
                          "leave it",
                          "stop",
                          "cancel",
                          "no thanks",
                          "no thank you",
                          "don't",
                          "do not",
                          "leave it as it is",
                          "no, leave it",
                          "not now",
                          "nothing"});
}

bool takes_both(std::string_view lower) {
    for (const std::string_view word :
         {"anyway", "both", "overlap", "double book", "double-book", "even so", "in parallel"})
        if (lower.find(word) != std::string_view::npos) return true;
    return false;
}

/// What is left of a reply beside its time, without words that only introduce it.
std::vector<std::string> further_words(const time_words& time) {
    auto all = terms(time.rest);
    std::erase_if(all, [](const std::string& word) {
        return is_stop_word(word) ||
               is_any(word, {"make",   "let",    "lets",     "say",   "try",     "then", "instead",
                             "rather", "better", "please",   "ok",    "okay",    "yes",  "no",
                             "take",   "one",    "about",    "works", "fine",    "good", "would",
                             "book",   "move",   "mean",     "maybe", "perhaps", "it",   "s",
                             "not",    "sorry",  "actually", "time",  "want"});
    });
    return all;
}

/// A request of another kind that may name a time too: "remember that ... tomorrow".
bool is_other_request(const question& asked, const utterance& said) {
    const question alone{.context = asked.context, .said = said};
    for (auto* match : {match_about_me, match_remember, match_forget, match_date})
        if (match(alone)) return true;
    return said.lower.starts_with("remind ");
}

/// Whether something else than the calendar is spoken of.
bool is_other_talk(const question& asked, const utterance& said) {
    const question alone{.context = asked.context, .said = said};
    for (auto* match : {match_small_talk, match_sum, match_recall, match_statement})
        if (match(alone)) return true;
    return said.asks || is_other_request(asked, said);
}

// ------------------------------------------------------------------------------------- choosing

/// A choice of days for words that name a part of the day: "Friday 4 December 2026 morning".
std::string day_and_part(const local_span& when) {
    const auto day = date::floor<date::days>(when.start);
    const auto begins = static_cast<int>((when.start - day).count());
    const auto ends = static_cast<int>((when.end - day).count());
    using time_grammar::part;
    constexpr std::array<std::pair<part, std::string_view>, 5> parts{
        std::pair{part::morning, std::string_view{"morning"}},
        std::pair{part::afternoon, std::string_view{"afternoon"}},
        std::pair{part::evening, std::string_view{"evening"}},
        std::pair{part::night, std::string_view{"night"}},
        std::pair{part::tonight, std::string_view{"evening"}}};
    for (const auto& [which, name] : parts) {
        const auto bounds = time_grammar::bounds_of(which);
        if (bounds.start == begins && bounds.end == ends)
            return day_of(when) + " " + std::string(name);
    }
    return {};
}

void apply_time(calendar_command& wanted, const local_span& when, const std::string& timezone) {
    wanted.end.clear();
    const auto said = read_time_words(wanted.when);
    if (when.all_day && !wanted.all_day) {
        wanted.when = joined_words(wanted.when, day_of(when));
        return;
    }
    if (said.has_daytime && !said.has_clock)
        if (auto words = day_and_part(when); !words.empty()) {
            wanted.when = std::move(words);
            return;
        }
    wanted.when = when.all_day ? day_of(when) : rfc3339_start(when, timezone);
    if (when.end != when.start && !wanted.length && !when.all_day)
        wanted.end = rfc3339_end(when, timezone);
}

void apply_event(calendar_command& wanted, const offer& which, const std::string& timezone) {
    wanted.what = which.title;
    if (wanted.what.ends_with("\xE2\x80\xA6")) {
        // Of a title that was shown in part the last word may be none.
        wanted.what.resize(wanted.what.size() - 3);
        if (const auto space = wanted.what.rfind(' '); space != std::string::npos)
            wanted.what.resize(space);
    }
    wanted.on = which.when.all_day ? day_of(which.when) : rfc3339_start(which.when, timezone);
}

/// The request with what was chosen; nothing where the choice is none of its own.
found_step with_choice(calendar_command wanted, const offer& which, std::string_view answer,
                       const std::string& timezone) {
    if (!which.title.empty()) {
        if (wanted.act != calendar_act::move && wanted.act != calendar_act::cancel)
            return std::nullopt;
        apply_event(wanted, which, timezone);
        return calendar_step{.wanted = std::move(wanted)};
    }
    if (wanted.act == calendar_act::find && answer.starts_with(told_free)) {
        wanted.act = calendar_act::create;
        wanted.any_hour = false;
        wanted.when.clear();
        wanted.length.reset();
    }
    if (wanted.act == calendar_act::cancel) {
        wanted.on = rfc3339_start(which.when, timezone);
        return calendar_step{.wanted = std::move(wanted)};
    }
    // Of the times at which an event could be meant one says when it is now.
    apply_time(wanted, which.when, timezone);
    return calendar_step{.wanted = std::move(wanted)};
}

std::string which_of(std::span<const offer> offers, std::span<const std::size_t> left) {
    std::vector<offer> narrowed;
    for (const auto i : left) narrowed.push_back(offers[i]);
    return "More than one fits. Which one do you mean?" + listed_offers(narrowed);
}

// ----------------------------------------------------------------------------------- completing

/// An hour by itself, which is a time only in an answer.
std::string hour_in(std::string_view lower) {
    if (const auto rest = after_any(lower, {"at ", "about ", "around ", "make it ", "rather "}))
        lower = *rest;
    for (const std::string_view tail : {" then", " instead", " please", " is fine"})
        if (lower.ends_with(tail)) lower.remove_suffix(tail.size());
    if (lower.empty() || lower.size() > 2 ||
        lower.find_first_not_of("0123456789") != std::string_view::npos)
        return {};
    return "at " + std::string(lower);
}

void add_words(calendar_command& wanted, const std::string& when, bool of_event) {
    const bool is_now =
        wanted.act == calendar_act::cancel || (wanted.act == calendar_act::move && of_event);
    auto& words = is_now ? wanted.on : wanted.when;
    // What was chosen by its number is no words.
    const bool exact = words.size() > 10 && words[4] == '-' && words[10] == 'T';
    words = exact ? (read_time_words(when).has_day ? when : words.substr(0, 10) + " " + when)
                  : joined_words(words, when);
    if (!is_now) wanted.end.clear();
}

found_step completed_by_words(calendar_command wanted, const question& asked, const utterance& said,
                              std::string_view answer, bool titled) {
    auto time = read_time_words(said.plain);
    if (time.when.empty() && asks_back(answer)) time.when = hour_in(said.lower);
    const auto further = further_words(time);
    const bool needs_title = wanted.act == calendar_act::create && wanted.what.empty();
    if (!time.when.empty() || time.length) {
        if (is_other_request(asked, said)) return std::nullopt;
        if (further.size() > longest_rest && !needs_title) return std::nullopt;
        const bool goes_on = wanted.act == calendar_act::find || wanted.act == calendar_act::list;
        if (!goes_on && !asks_back(answer)) return std::nullopt;
        if (goes_on && !asks_back(answer) &&
            !after_any(said.lower, {"and ", "what about ", "how about ", "or "}))
            return std::nullopt;
        if (goes_on && !further.empty()) return std::nullopt;
        if (said.asks && !goes_on && !after_any(said.lower, {"what about ", "how about ", "and "}))
            return std::nullopt;
        if (!time.when.empty()) add_words(wanted, time.when, titled);
        if (time.length) wanted.length = time.length;
        if (needs_title && !further.empty()) wanted.what = title_in(time.rest);
        return calendar_step{.wanted = std::move(wanted)};
    }
    if (!asks_back(answer) || is_other_talk(asked, said)) return std::nullopt;
    if (needs_title) {
        wanted.what = title_in(said.plain);
        return calendar_step{.wanted = std::move(wanted)};
    }
    const bool needs_event = wanted.what.empty() && (wanted.act == calendar_act::move ||
                                                     wanted.act == calendar_act::cancel);
    if (!needs_event) return std::nullopt;
    wanted.what = event_in(said.plain);
    return calendar_step{.wanted = std::move(wanted)};
}

found_step completed(const calendar_command& wanted, const question& asked, const utterance& said,
                     std::string_view answer) {
    const auto offers = read_offers(answer);
    const bool open = asks_back(answer) || !offers.empty();
    if (open && asks_back(answer) && gives_up(said.lower) && wanted.act != calendar_act::list)
        return calendar_step{.instead = "All right. I have changed nothing in your calendar."};
    const bool of_series = answer.find("whole series") != std::string_view::npos;
    if (of_series && asks_back(answer)) {
        const auto words = terms(said.lower);
        const auto has = [&](std::string_view word) {
            return std::find(words.begin(), words.end(), word) != words.end();
        };
        auto all = wanted;
        all.whole_series = true;
        // "My meeting" names no series.
        if (offers.size() == 1 && !offers.front().title.empty()) {
            apply_event(all, offers.front(), asked.context.timezone);
            all.on.clear();
        }
        // "All my meetings" is more than the series that was asked about.
        const bool of_others = has("meetings") || has("events") || has("appointments");
        const bool every = has("all") || has("every") || has("whole");
        if ((has("series") || (every && !of_others)) && !has("only"))
            return calendar_step{.wanted = std::move(all)};
        if ((every && of_others) || is_any(said.lower, {"yes", "ok", "okay", "sure"}))
            return calendar_step{.instead = std::string(answer)};
    }
    if (takes_both(said.lower) && answer.find("anyway") != std::string_view::npos &&
        (wanted.act == calendar_act::create || wanted.act == calendar_act::move)) {
        auto both = wanted;
        both.overlap_allowed = true;
        return calendar_step{.wanted = std::move(both)};
    }
    const bool titled = std::any_of(offers.begin(), offers.end(),
                                    [](const offer& one) { return !one.title.empty(); });
    if (!offers.empty() && wanted.act != calendar_act::list) {
        const auto picks = chosen(offers, said, asked.context);
        if (picks.size() == 1)
            return with_choice(wanted, offers[picks.front()], answer, asked.context.timezone);
        if (picks.size() > 1 && picks.size() < offers.size())
            return calendar_step{.instead = which_of(offers, picks)};
    }
    return completed_by_words(wanted, asked, said, answer, titled);
}

// ---------------------------------------------------------------------------------- references

/// "The second one", "it": what the last answer told of.
std::optional<offer> pointed_at(const std::string& what, std::string_view answer) {
    const std::string lower = lower_case(what);
    const auto offers = read_offers(answer);
    if (const auto number = numbered(lower, offers.size())) return offers[*number];
    if (!is_pronoun(lower)) return std::nullopt;
    if (offers.size() == 1) return offers.front();
    return read_told_event(answer);
}

/// A booking of one of the times that were listed: "book the second one for lunch".
void take_offered_time(calendar_command& wanted, const std::optional<calendar_command>& state,
                       std::string_view answer, const std::string& timezone) {
    const auto offers = read_offers(answer);
    if (offers.empty() || !offers.front().title.empty()) return;
    std::string choice = wanted.what;
    std::string title;
    for (const std::string_view joint : {" for ", " as ", " with "})
        if (const auto at = wanted.what.find(joint); at != std::string::npos) {
            choice = wanted.what.substr(0, at);
            title = joint == " with "
                        ? "Meeting" + wanted.what.substr(at)
                        : title_in(std::string_view(wanted.what).substr(at + joint.size()));
            break;
        }
    auto number = numbered(lower_case(choice), offers.size());
    if (!number && offers.size() == 1 && is_pronoun(lower_case(choice))) number = 0;
    if (!number) return;
    wanted.what = title.empty() && state ? state->what : title;
    wanted.when.clear();
    apply_time(wanted, offers[*number].when, timezone);
}

found_step request_in(const question& asked, const utterance& said, std::string_view answer,
                      const std::optional<calendar_command>& state) {
    auto own = read_calendar_command(said);
    if (!own) return std::nullopt;
    const auto& zone = asked.context.timezone;
    const bool open = asks_back(answer) || !read_offers(answer).empty();
    const bool same = state && open && state->act == own->act;
    const bool unnamed = own->what.empty() || is_pronoun(lower_case(own->what));
    if (own->act == calendar_act::create) {
        if (same && unnamed)
            if (auto step = completed(*state, asked, said, answer)) return step;
        if (own->when.empty()) take_offered_time(*own, open ? state : std::nullopt, answer, zone);
    } else if (own->act == calendar_act::move || own->act == calendar_act::cancel) {
        if (const auto which = pointed_at(own->what, answer); which && !which->title.empty())
            apply_event(*own, *which, zone);
        else if (same && unnamed)
            return completed(*state, asked, said, answer);
        else if (is_pronoun(lower_case(own->what)))
            own->what.clear();
    }
    return calendar_step{.wanted = std::move(own)};
}

/// What was wanted when the last answer was given.
std::optional<calendar_command> state_before(const question& asked) {
    std::optional<calendar_command> state;
    std::string_view answer;
    // The latest comes first.
    for (auto each = asked.before.rbegin(); each != asked.before.rend(); ++each) {
        found_step step;
        if (each->said.size() <= longest_request) {
            const auto said = read_utterance(each->said, asked.context.perin_name);
            step = request_in(asked, said, answer, state);
            if (!step && state && each->said.size() <= longest_reply)
                step = completed(*state, asked, said, answer);
        }
        const bool over = !step || (!step->wanted && !asks_back(step->instead));
        if (over)
            state.reset();
        else if (step->wanted)
            state = step->wanted;
        answer = each->answer;
    }
    return state;
}

}  // namespace

std::optional<calendar_step> calendar_follow_up(const question& asked) {
    if (asked.before.empty() || asked.said.plain.size() > longest_reply || asked.said.plain.empty())
        return std::nullopt;
    const auto state = state_before(asked);
    if (!state || read_calendar_command(asked.said)) return std::nullopt;
    return completed(*state, asked, asked.said, asked.before.front().answer);
}

std::optional<calendar_step> calendar_request(const question& asked) {
    // Cheap for what is none.
    if (!read_calendar_command(asked.said)) return std::nullopt;
    const auto answer = asked.before.empty() ? std::string_view() : asked.before.front().answer;
    return request_in(asked, asked.said, answer, state_before(asked));
}

}  // namespace perin::offline
