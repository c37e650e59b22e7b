#include "domain/scheduling/working_hours.hpp"

#include <algorithm>

namespace perin::scheduling {

using std::chrono::hours;
using std::chrono::minutes;

working_hours office_hours() {
    working_hours week;
    for (std::size_t day = 0; day < 5; ++day) week.days[day] = {{hours{9}, hours{17}}};
    return week;
}

std::optional<failure> unfit(const working_hours& week) {
    constexpr std::size_t most = 48;
    for (const auto& day : week.days) {
        if (day.size() > most)
            return failure{error_code::invalid_request, "has too many working hours in a day"};
        for (const auto& each : day) {
            const bool fits = each.from >= minutes{0} && each.from < hours{24} &&
                              each.until > each.from && each.until <= each.from + hours{24};
            if (!fits) return failure{error_code::invalid_request, "has hours that are none"};
        }
    }
    return std::nullopt;
}

std::vector<working_piece> working_pieces(const working_hours& week, const zone_line& line,
                                          const interval& range) {
    std::vector<working_piece> pieces;
    // Hours reach into the day after theirs.
    const auto last = line.day_of(range.end) + date::days{1};
    for (auto day = line.day_of(range.start) - date::days{2}; day <= last; day += date::days{1}) {
        for (const auto& each : week.on(date::weekday{day})) {
            const wall_time from = day + each.from;
            line.each_showing(from, day + each.until, [&](const zone_line::stretch& shown) {
                pieces.push_back({shown.when, timestamp{from.time_since_epoch() - shown.offset}});
            });
        }
    }
    std::stable_sort(pieces.begin(), pieces.end(), [](const auto& one, const auto& other) {
        return one.when.start < other.when.start;
    });
    return pieces;
}

}  // namespace perin::scheduling
