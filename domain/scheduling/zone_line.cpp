#include "domain/scheduling/zone_line.hpp"

#include <date/tz.h>

#include <algorithm>

namespace perin::scheduling {

result<zone_line> zone_line::over(const std::string& timezone, const interval& range) {
    if (!is_timezone(timezone))
        return failure{error_code::invalid_request, "is not a known time zone"};
    const auto* zone = date::locate_zone(timezone);
    std::vector<stretch> all;
    for (timestamp at = range.start; all.empty() || at < range.end;) {
        const auto info = zone->get_info(at);
        // The zone's last stretch has no end.
        const bool is_last = info.end >= date::ceil<std::chrono::seconds>(range.end);
        const timestamp end = is_last ? range.end : timestamp{info.end};
        if (!all.empty() && all.back().offset == info.offset)
            all.back().when.end = end;
        else
            all.push_back({{at, end}, info.offset});
        at = end;
        if (is_last) break;
    }
    return zone_line(std::move(all));
}

wall_time zone_line::shown(timestamp at) const {
    auto last = all_.end() - 1;
    while (last != all_.begin() && at < last->when.start) --last;
    return wall_time{(at + last->offset).time_since_epoch()};
}

time_set zone_line::showing(wall_time from, wall_time until) const {
    std::vector<interval> found;
    each_showing(from, until, [&](const stretch& each) { found.push_back(each.when); });
    return merged(std::move(found));
}

}  // namespace perin::scheduling
