#include "domain/time_grammar/local_time.hpp"

#include <exception>

namespace perin::time_grammar {

const date::time_zone* zone_of(const std::string& timezone) {
    try {
        return date::locate_zone(timezone);
    } catch (const std::exception&) {
        return date::locate_zone("UTC");
    }
}

local_minute to_local(timestamp at, const date::time_zone* zone) {
    return date::floor<std::chrono::minutes>(zone->to_local(at));
}

date::local_days local_day(timestamp at, const date::time_zone* zone) {
    return date::floor<date::days>(zone->to_local(at));
}

timestamp to_moment(local_minute local, const date::time_zone* zone, around_change with) {
    const auto info = zone->get_info(local);
    // `first` is the earlier offset of a doubled time, and the one before the gap of a skipped one.
    const bool after = with == around_change::after && info.result != date::local_info::unique;
    return timestamp{local.time_since_epoch() - (after ? info.second : info.first).offset};
}

int times_shown(local_minute local, const date::time_zone* zone) {
    const auto result = zone->get_info(local).result;
    if (result == date::local_info::nonexistent) return 0;
    return result == date::local_info::unique ? 1 : 2;
}

}  // namespace perin::time_grammar
