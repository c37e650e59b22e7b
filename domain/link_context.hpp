#pragma once

#include "domain/scheduling/interval.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace perin {

/// How far the meeting of a guest's conversation has come.
enum class meeting_progress {
    /// Nothing has begun.
    none,
    /// The guest is to choose a time.
    choosing,
    /// A time is being booked.
    under_way,
    /// The owner decides.
    awaiting_approval,
    /// It is in the owner's calendar.
    booked,
};

/// All that a guest's turn knows of the owner: what the link tells everybody who opens it, and when
/// there is time. Nothing of the owner's calendar, mail or memory is in it.
struct link_context {
    std::string owner_name;
    /// Of the link.
    std::string title;
    /// Of a meeting; sorted.
    std::vector<std::chrono::minutes> durations;
    /// IANA name: the link's.
    std::string timezone = "UTC";
    /// The owner decides on each booking.
    bool approval = false;
    /// Whether another time can be booked by it.
    bool open = true;
    meeting_progress progress = meeting_progress::none;
    /// Of what has been chosen.
    std::optional<scheduling::interval> chosen = {};
    /// The next free times of the first duration, ascending.
    std::vector<scheduling::interval> offered = {};
    friend bool operator==(const link_context&, const link_context&) = default;
};

}  // namespace perin
