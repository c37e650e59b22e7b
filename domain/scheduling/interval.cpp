#include "domain/scheduling/interval.hpp"

#include <algorithm>

namespace perin::scheduling {

namespace {

bool starts_before(const interval& one, const interval& other) { return one.start < other.start; }

}  // namespace

time_set merged(std::vector<interval> all) {
    if (!std::is_sorted(all.begin(), all.end(), starts_before))
        std::sort(all.begin(), all.end(), starts_before);
    std::size_t kept = 0;
    for (const interval each : all) {
        if (is_empty(each)) continue;
        if (kept > 0 && each.start <= all[kept - 1].end)
            all[kept - 1].end = std::max(all[kept - 1].end, each.end);
        else
            all[kept++] = each;
    }
    all.resize(kept);
    return all;
}

time_set intersected(const time_set& one, const time_set& other) {
    time_set both;
    both.reserve(std::max(one.size(), other.size()));
    auto a = one.begin();
    auto b = other.begin();
    while (a != one.end() && b != other.end()) {
        const interval shared{std::max(a->start, b->start), std::min(a->end, b->end)};
        if (!is_empty(shared)) both.push_back(shared);
        if (a->end < b->end)
            ++a;
        else
            ++b;
    }
    return both;
}

time_set without(const time_set& from, const time_set& taken) {
    time_set rest;
    rest.reserve(from.size() + taken.size());
    auto hole = taken.begin();
    for (interval each : from) {
        while (hole != taken.end() && hole->end <= each.start) ++hole;
        // The last hole may reach into the next stretch: it is not passed here.
        for (auto within = hole; within != taken.end() && within->start < each.end; ++within) {
            if (within->start > each.start) rest.push_back({each.start, within->start});
            each.start = within->end;
            hole = within;
        }
        if (!is_empty(each)) rest.push_back(each);
    }
    return rest;
}

bool covers(const time_set& set, const interval& one) {
    const auto after =
        std::upper_bound(set.begin(), set.end(), one.start,
                         [](timestamp at, const interval& each) { return at < each.start; });
    return after != set.begin() && one.end <= std::prev(after)->end;
}

}  // namespace perin::scheduling
