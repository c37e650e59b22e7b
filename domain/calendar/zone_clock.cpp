#include "domain/calendar/zone_clock.hpp"

#include <date/tz.h>

#include <array>
#include <exception>

namespace perin::calendar {

namespace {

using namespace std::chrono;

constexpr year last_known_year{2037};

const date::time_zone* zone_of(const std::string& name) {
    try {
        return date::locate_zone(is_timezone(name) ? name : "UTC");
    } catch (const std::exception&) {
        return nullptr;
    }
}

sys_days first_of_march(year y) { return y / March / 1; }

/// How far a day is past the one that it is read as: whole weeks, and the same distance from
/// March 1st. From 2027 to 2037 that day falls on each weekday.
days beyond_known(year y) {
    if (y <= last_known_year) return days{0};
    const auto wanted = first_of_march(y);
    for (year like = last_known_year;; --like) {
        const auto distance = wanted - first_of_march(like);
        if (distance.count() % 7 == 0) return distance;
    }
}

year year_of(seconds since_epoch) {
    return year_month_day{floor<days>(sys_seconds{since_epoch})}.year();
}

}  // namespace

zone_clock::zone_clock(const std::string& name) : zone_(zone_of(name)) {
    if (zone_ != nullptr) return;
    // A machine without the database: UTC all the time.
    begin_ = sys_seconds::min();
    end_ = sys_seconds::max();
}

local_seconds zone_clock::to_local(sys_seconds at) {
    if (zone_ == nullptr) return local_seconds{at.time_since_epoch()};
    const auto like = at - beyond_known(year_of(at.time_since_epoch()));
    if (like < begin_ || like >= end_) {
        const auto info = zone_->get_info(like);
        begin_ = info.begin;
        end_ = info.end;
        offset_ = info.offset;
    }
    return local_seconds{at.time_since_epoch() + offset_};
}

sys_seconds zone_clock::to_instant(local_seconds local) {
    if (zone_ == nullptr) return sys_seconds{local.time_since_epoch()};
    const auto shift = beyond_known(year_of(local.time_since_epoch()));
    const auto like = local.time_since_epoch() - shift;
    // A day from either end no other offset is possible.
    const sys_seconds guess{like - offset_};
    if (guess - 24h >= begin_ && guess + 24h < end_) return guess + shift;

    const auto info = zone_->get_info(date::local_seconds{like});
    // `first` is the earlier offset of a doubled time, and the one before the gap of a skipped one.
    begin_ = info.first.begin;
    end_ = info.first.end;
    offset_ = info.first.offset;
    return sys_seconds{like - offset_} + shift;
}

sys_seconds to_instant(const moment& when, zone_clock& viewer) {
    if (when.form != time_form::zoned) return viewer.to_instant(when.local);
    if (when.timezone == "UTC") return sys_seconds{when.local.time_since_epoch()};
    return zone_clock(when.timezone).to_instant(when.local);
}

}  // namespace perin::calendar
