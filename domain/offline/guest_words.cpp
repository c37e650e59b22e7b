#include "domain/offline/guest_words.hpp"

#include "domain/offline/link_talk.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace perin::offline {

namespace {

constexpr std::size_t most_bytes = 2'000;

/// Whether any of the phrases, words between spaces, stands in the message.
bool has(const guest_message& said, std::span<const std::string_view> phrases) {
    return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
        return said.spaced.find(phrase) != std::string::npos;
    });
}

bool has(const guest_message& said, std::initializer_list<std::string_view> phrases) {
    return has(said, std::span(phrases.begin(), phrases.size()));
}

bool begins(const guest_message& said, std::initializer_list<std::string_view> phrases) {
    return std::any_of(phrases.begin(), phrases.end(),
                       [&](std::string_view phrase) { return said.spaced.starts_with(phrase); });
}

constexpr auto private_things = std::to_array<std::string_view>({" inbox ",
                                                                 " gmail ",
                                                                 " memory ",
                                                                 " memories ",
                                                                 " remember ",
                                                                 " remembers ",
                                                                 " forget ",
                                                                 " password ",
                                                                 " passwords ",
                                                                 " phone number ",
                                                                 " home address ",
                                                                 " other meetings ",
                                                                 " other meeting ",
                                                                 " other events ",
                                                                 " other appointments ",
                                                                 " other people ",
                                                                 " other guests ",
                                                                 " other links ",
                                                                 " other link ",
                                                                 " another link ",

                                                                 " create a link ",
                                                                 " event titles ",
                                                                 " attendees ",
                                                                 " attendee ",
                                                                 " participants ",
                                                                 " agenda ",
                                                                 " system prompt ",
                                                                 " your prompt ",
                                                                 " your instructions ",
                                                                 " previous instructions ",
                                                                 " all instructions ",
                                                                 " notifications ",
                                                                 " notification ",
                                                                 " contacts ",
                                                                 " conversations ",
                                                                 " busy with ",
                                                                 " api key ",
                                                                 " token ",
                                                                 " database "});

constexpr auto mail_things =
    std::to_array<std::string_view>({" mail ", " mails ", " email ", " emails ", " e mails "});

/// The guest's own address is needed, and may be spoken of.
constexpr auto own_mail = std::to_array<std::string_view>(
    {" my mail ", " my email ", " my e mail ", " mail is ", " email is ", " mail address is ",
     " confirmation ", " invitation ", " invite ", " by mail ", " by email "});

constexpr auto cancelling = std::to_array<std::string_view>(
    {" cancel ", " cancelled ", " canceled ", " call off ", " can t make it ", " cannot make it ",
     " can not make it ", " cant make it ", " delete it ", " delete my ", " delete the "});

constexpr auto moving = std::to_array<std::string_view>(
    {" reschedule ", " rebook ", " postpone ", " move it ", " move my ", " move the ", " move our ",
     " shift it ", " shift the ", " change it ", " change my ", " change the time ",
     " change the date ", " change the meeting "});

constexpr auto standing = std::to_array<std::string_view>({" is it booked ",
                                                           " is it confirmed ",
                                                           " is it done ",
                                                           " is it approved ",
                                                           " is it settled ",
                                                           " is that booked ",
                                                           " is that confirmed ",
                                                           " is the meeting booked ",
                                                           " is the meeting confirmed ",
                                                           " is my meeting ",
                                                           " is my booking ",
                                                           " is our meeting ",
                                                           " when is the meeting ",
                                                           " when is the appointment ",
                                                           " when is the call ",
                                                           " when is my appointment ",
                                                           " did it work ",
                                                           " did you book ",
                                                           " have you booked ",
                                                           " have i booked ",
                                                           " did i book ",
                                                           " what have i booked ",
                                                           " my booking ",
                                                           " he approved ",
                                                           " she approved ",
                                                           " they approved ",
                                                           " been approved ",
                                                           " been confirmed ",
                                                           " been booked ",
                                                           " what is the status ",
                                                           " the status "});

constexpr auto about_link =
    std::to_array<std::string_view>({" what can i book ",      " what is this ",
                                     " what is it for ",       " what is this for ",
                                     " what is the meeting ",  " what is this meeting ",
                                     " what meeting ",         " how long ",
                                     " what kind of meeting ", " what is this link ",
                                     " what lengths ",         " which lengths ",
                                     " what durations ",       " which durations ",
                                     " which time zone ",      " what time zone ",
                                     " which timezone ",       " what timezone ",
                                     " whose assistant ",      " who do you work for ",
                                     " need approval ",        " approval needed "});

constexpr auto booking = std::to_array<std::string_view>({" book ",
                                                          " reserve ",
                                                          " schedule a ",
                                                          " schedule an ",
                                                          " schedule it ",
                                                          " schedule me ",
                                                          " schedule the ",
                                                          " schedule something ",
                                                          " to schedule ",
                                                          " schedule time ",
                                                          " arrange ",
                                                          " we meet ",
                                                          " to meet ",
                                                          " i meet ",
                                                          " let s meet ",
                                                          " lets meet ",
                                                          " meet with ",
                                                          " meet on ",
                                                          " meet at ",
                                                          " meet you ",
                                                          " meet him ",
                                                          " meet her ",
                                                          " talk to ",
                                                          " talk with ",
                                                          " speak to ",
                                                          " speak with ",
                                                          " chat with ",
                                                          " get together ",
                                                          " catch up ",
                                                          " find a time ",
                                                          " find time ",
                                                          " find a slot ",
                                                          " set up a ",
                                                          " need a meeting ",
                                                          " need an appointment ",
                                                          " need a slot ",
                                                          " need a time ",
                                                          " want a meeting ",
                                                          " want an appointment ",
                                                          " like a meeting ",
                                                          " like an appointment ",
                                                          " get an appointment ",
                                                          " get a slot ",
                                                          " make an appointment ",
                                                          " have an appointment ",
                                                          " have a meeting ",
                                                          " have a call ",
                                                          " a quick call ",
                                                          " jump on a call ",
                                                          " sign me up ",
                                                          " put me down "});

constexpr auto asking_when = std::to_array<std::string_view>(
    {" when are you ",      " when can ",          " when could ",      " when do you have ",
     " when does ",         " when would ",        " when is there ",   " when s there ",
     " what times ",        " which times ",       " what time would ", " what time works ",
     " what time suits ",   " what time is good ", " which days ",      " what days ",
     " which day ",         " what day ",          " which slots ",     " what slots ",
     " free time ",         " free times ",        " free slot ",       " free slots ",
     " open slots ",        " open slot ",         " available ",       " availability ",
     " availabilities ",    " you free ",          " she free ",        " he free ",
     " they free ",         " is free ",           " free on ",         " be free ",
     " free next ",         " free this ",         " free in ",         " free at ",
     " you have time ",     " has time ",          " have any time ",   " have time ",
     " any time ",          " is there time ",     " earliest ",        " soonest ",
     " next free ",         " next opening ",      " openings ",        " what is free ",
     " what s free ",       " other times ",       " other time ",      " another time ",
     " another day ",       " other days ",        " more times ",      " something later ",
     " something earlier ", " any slots ",         " show me times ",   " possible times ",
     " what about ",        " how about "});

constexpr auto proposing = std::to_array<std::string_view>(
    {" free ", " available ", " work ", " works ", " possible ", " have time ", " has time ",
     " suit ", " suits ", " how about ", " what about ", " be ok ", " be good ", " be fine ",
     " open ", " taken "});

constexpr auto meetings =
    std::to_array<std::string_view>({" meeting ", " appointment ", " call ", " slot ", " booking ",
                                     " consultation ", " interview ", " session "});

}  // namespace

guest_message read_guest_message(std::string_view text, std::string_view name) {
    guest_message out{
        .said = read_utterance(text.substr(0, most_bytes), name), .spaced = " ", .time = {}};
    for (const auto& word : terms(out.said.plain)) out.spaced += word + " ";
    out.time = read_time_words(out.said.plain);
    return out;
}

bool asks_for_other_things(const guest_message& said) {
    if (has(said, private_things) || asks_for_link(said.said)) return true;
    if (has(said, mail_things) && !has(said, own_mail) && !begins(said, {" mail ", " email "}))
        return true;
    const bool looks =
        has(said, {" show ", " list ", " read ", " see ", " tell ", " give ", " dump ",
                   " what is on ", " what s on ", " what is in ", " what s in ", " which events ",
                   " what events ", " which meetings ", " what meetings ", " what appointments "});
    const bool owned = has(
        said, {" calendar ", " events ", " meetings ", " appointments ", " schedule ", " notes "});
    return looks && owned && !has(said, {" free ", " available ", " availability ", " open "});
}

bool asks_to_cancel(const guest_message& said) { return has(said, cancelling); }

bool asks_to_move(const guest_message& said) { return has(said, moving); }

bool asks_how_it_stands(const guest_message& said) { return has(said, standing); }

bool asks_about_link(const guest_message& said) { return has(said, about_link); }

bool asks_to_book(const guest_message& said) {
    if (speaks_of_past(said) ||
        begins(said, {" who ", " why ", " where ", " what is ", " what s "}))
        return false;
    return has(said, booking);
}

bool asks_when(const guest_message& said) { return has(said, asking_when); }

bool asks_whether_free(const guest_message& said) {
    const bool asks =
        said.said.asks || begins(said, {" is ", " are ", " do ", " does ", " would ", " could ",
                                        " can ", " will ", " how about ", " what about "});
    return asks && has(said, proposing);
}

bool names_meeting(const guest_message& said) { return has(said, meetings); }

bool is_other_question(const guest_message& said) {
    if (asks_to_book(said) || asks_when(said) || asks_how_it_stands(said)) return false;
    return begins(
        said, {" who ",    " whose ",     " whom ",     " where ",    " why ",      " what is ",
               " what s ", " what does ", " what do ",  " what did ", " what are ", " what was ",
               " which ",  " how old ",   " how much ", " how many ", " how does ", " how do ",
               " how is ", " how are ",   " how was ",  " how did ",  " does he ",  " does she ",
               " is he ",  " is she ",    " did ",      " was "});
}

bool speaks_of_past(const guest_message& said) {
    return has(said, {" was ", " were ", " yesterday ", " ago ", " last week ", " last month ",
                      " last year ", " last time ", " had a ", " saw ", " met ", " went "});
}

bool is_acknowledgement(const guest_message& said) {
    return is_any(
        said.said.lower,
        {"ok",     "okay",  "yes",       "yes please",  "no",         "great",    "cool", "nice",
         "good",   "fine",  "all right", "alright",     "perfect",    "sure",     "yep",  "nope",
         "got it", "i see", "wonderful", "sounds good", "never mind", "well done"});
}

bool asks_back(std::string_view answer) {
    constexpr std::size_t looked_at = 2'000;
    if (answer.size() > looked_at) answer.remove_prefix(answer.size() - looked_at);
    return answer.find('?') != std::string_view::npos ||
           answer.find("\n1. ") != std::string_view::npos ||
           answer.find(" I need ") != std::string_view::npos;
}

}  // namespace perin::offline
