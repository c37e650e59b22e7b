#include "domain/offline/guest_wish.hpp"

#include "domain/meant_time.hpp"
#include "domain/offline/guest_details.hpp"
#include "domain/time_grammar/local_time.hpp"

#include <algorithm>

namespace perin::offline {

namespace {

using std::chrono::minutes;

/// Whether what was chosen is done with, one way or the other.
bool settles(std::string_view answer) {
    return tells_of_booking(answer) || answer.starts_with(told_not_booked) ||
           answer.starts_with(told_unclear) || answer.starts_with(told_elsewhere);
}

/// "Is the second one still free" as a reply that chooses: "the second one".
utterance without_doubt(utterance said) {
    std::string_view words = said.lower;
    if (const auto rest = after_any(words, {"is ", "does ", "would ", "could ", "can "}))
        words = *rest;
    for (const std::string_view tail :
         {" work for you", " work", " free", " available", " possible", " open", " still", " be"})
        if (words.ends_with(tail)) words.remove_suffix(tail.size());
    said.lower = std::string(words);
    return said;
}

/// Reads messages and answers in their order.
class wish_reader {
  public:
    explicit wish_reader(const assistant_context& context)
        : context_(context), link_(*context.link) {}

    void hear(std::string_view text) {
        wish_.last = {};
        auto& turn = wish_.last;
        auto details = read_details(text, name_asked_);
        turn.gave_name = !details.name.empty();
        turn.gave_email = !details.email.empty();
        turn.unusable_email = details.unusable_email;
        if (turn.gave_name) wish_.name = std::move(details.name);
        if (turn.gave_email) wish_.email = std::move(details.email);
        turn.said = read_guest_message(details.rest, context_.perin_name);
        if (asks_for_other_things(turn.said) || asks_how_it_stands(turn.said) ||
            asks_to_cancel(turn.said) || is_other_question(turn.said))
            return;
        if (turn.said.time.length) hear_length(*turn.said.time.length);
        if (!choose_offer()) hear_when();
    }

    void see(std::string_view answer) {
        name_asked_ = answer.find("I need your name") != std::string_view::npos ||
                      answer.find("tell me your name") != std::string_view::npos;
        if (auto offers = read_offers(answer); !offers.empty()) {
            wish_.offers = std::move(offers);
            wish_.start.reset();
        } else if (settles(answer)) {
            wish_.offers.clear();
            wish_.start.reset();
            wish_.open_words.clear();
        } else if (answer.starts_with(told_noted)) {
            answer.remove_prefix(told_noted.size());
            const auto end = answer.find(told_missing);
            if (end == std::string_view::npos) return;
            if (const auto when = read_span(answer.substr(0, end))) take(*when);
        }
    }

    [[nodiscard]] guest_wish result() && { return std::move(wish_); }

  private:
    void hear_length(minutes length) {
        const auto& all = link_.durations;
        if (std::find(all.begin(), all.end(), length) == all.end()) {
            wish_.last.refused_length = length;
            return;
        }
        wish_.last.gave_length = true;
        wish_.length = length;
    }

    /// Takes a time that an answer told, with the length that it was told with.
    void take(const local_span& when) {
        const auto at = from_rfc3339(rfc3339_start(when, context_.timezone));
        if (!at) return;
        wish_.start = *at;
        const auto length = when.end - when.start;
        const auto& all = link_.durations;
        const bool known = std::find(all.begin(), all.end(), length) != all.end();
        if (known && !wish_.last.gave_length) wish_.length = length;
    }

    /// A choice from the list that was told last; false where the message makes none.
    bool choose_offer() {
        auto& turn = wish_.last;
        const auto& time = turn.said.time;
        if (wish_.offers.empty() || asks_to_move(turn.said)) return false;
        // Of a day that is asked about there may be more times than were told.
        const bool doubts = asks_whether_free(turn.said);
        if ((doubts || turn.said.said.asks) && time.has_day && !time.has_clock) return false;
        const auto which =
            chosen(wish_.offers, doubts ? without_doubt(turn.said.said) : turn.said.said, context_);
        if (which.empty() || (which.size() > 1 && !time.has_clock)) return false;
        if (which.size() > 1) {
            turn.question = "Which one do you mean?";
            for (const auto i : which) turn.choices.push_back(wish_.offers[i]);
            return true;
        }
        const auto& when = wish_.offers[which.front()].when;
        if (doubts) {
            turn.when = rfc3339_start(when, context_.timezone);
            return true;
        }
        take(when);
        turn.chose = true;
        wish_.open_words.clear();
        return true;
    }

    void hear_when() {
        auto words = wish_.last.said.time.when;
        if (words.empty()) return;
        const bool exact = from_rfc3339(words).has_value();
        if (!exact && !wish_.open_words.empty()) words = joined_words(wish_.open_words, words);
        const auto time = read_time_words(words);
        wish_.open_words = exact ? std::string() : words;
        if (time.has_clock && !time.has_day) return ask_day(words);
        understand(words);
    }

    /// The day of a time of the day: that of the last list, where it has one alone.
    void ask_day(const std::string& words) {
        const auto& offers = wish_.offers;
        const bool one_day =
            !offers.empty() && std::all_of(offers.begin(), offers.end(), [&](const offer& each) {
                return day_of(each.when) == day_of(offers.front().when);
            });
        if (one_day) return understand(day_of(offers.front().when) + " " + words);
        wish_.last.question = "On which day?";
    }

    void understand(const std::string& words) {
        const auto heard = hear_time(words, context_.now, context_.timezone);
        if (const auto* doubt = std::get_if<time_question>(&heard)) return ask_which(*doubt);
        const auto* meant = std::get_if<meant_time>(&heard);
        if (meant == nullptr) return;
        if (meant->precision != time_phrase::precision::minute) {
            wish_.last.when = words;
            return;
        }
        if (meant->start <= context_.now) {
            wish_.last.question = "That time is over already. Which other time suits you?";
            return;
        }
        if (meant->end && !wish_.last.gave_length)
            hear_length(std::chrono::duration_cast<minutes>(*meant->end - meant->start));
        if (asks_whether_free(wish_.last.said)) {
            wish_.last.when = to_rfc3339(meant->start, context_.timezone);
            return;
        }
        wish_.start = meant->start;
        wish_.last.chose = true;
        wish_.open_words.clear();
    }

    void ask_which(const time_question& doubt) {
        wish_.last.question = doubt.question;
        for (const auto& each : doubt.choices)
            wish_.last.choices.push_back(
                {.when = span_at(each.start, each.end, context_.timezone)});
    }

    const assistant_context& context_;
    const link_context& link_;
    guest_wish wish_;
    bool name_asked_ = false;
};

}  // namespace

bool tells_of_booking(std::string_view answer) {
    return answer.starts_with(told_booked) || answer.starts_with(told_kept) ||
           answer.starts_with(told_under_way);
}

local_span span_at(timestamp start, timestamp end, const std::string& timezone) {
    const auto* zone = time_grammar::zone_of(timezone);
    local_span out{.start = time_grammar::to_local(start, zone),
                   .end = time_grammar::to_local(end, zone)};
    if (time_grammar::times_shown(out.start, zone) > 1) {
        // The length counts, also where the clock is set back within it.
        const auto offset =
            out.start.time_since_epoch() - std::chrono::floor<minutes>(start).time_since_epoch();
        out.offset = offset;
        out.end = out.start + std::chrono::floor<minutes>(end - start);
    }
    return out;
}

std::optional<minutes> length_of(const guest_wish& wish, const link_context& link) {
    if (wish.length) return wish.length;
    if (link.durations.size() == 1) return link.durations.front();
    return std::nullopt;
}

guest_wish read_wish(const question& asked) {
    wish_reader reader(asked.context);
    for (auto each = asked.before.rbegin(); each != asked.before.rend(); ++each) {
        reader.hear(each->said);
        reader.see(each->answer);
    }
    // What was said first is in the message itself, without what is polite.
    reader.hear(asked.text);
    return std::move(reader).result();
}

}  // namespace perin::offline
