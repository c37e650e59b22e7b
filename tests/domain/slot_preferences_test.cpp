#include "domain/slot_preferences.hpp"

#include <catch2/catch.hpp>

using namespace perin;

TEST_CASE("remembered likings and dislikes weigh the times of meetings") {
    const std::vector<std::string> mornings{"I prefer meetings in the morning"};
    CHECK(preferred_times(mornings).morning > 0);
    CHECK(preferred_times(mornings).afternoon == 0);
    const std::vector<std::string> fridays{"meetings: no meetings on Fridays, please"};
    CHECK(preferred_times(fridays).weekdays[4] < 0);
    CHECK(preferred_times(fridays).weekdays[0] == 0);
    const std::vector<std::string> evenings{"I don't like evening calls"};
    CHECK(preferred_times(evenings).evening < 0);
    // A fact is no liking.
    const std::vector<std::string> fact{"the standup is on Monday morning"};
    CHECK(preferred_times(fact).morning == 0);
    CHECK(preferred_times(fact).weekdays[0] == 0);
    const scheduling::slot_weights usual;
    CHECK(preferred_times({}).soonest == usual.soonest);
}
