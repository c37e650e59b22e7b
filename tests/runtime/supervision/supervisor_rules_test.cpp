#include "runtime/supervision/supervisor_rules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <sstream>

using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

using act = supervisor_decision::act;
using time_point = supervisor_rules::time_point;

/// Decisions in short: `+1` start, `-1` stop, `!1` kill, `?1` abandon, `#1` give up, `x1` forget,
/// `ended`, `failed`.
std::string text(const supervisor_rules::decisions& all) {
    std::ostringstream out;
    for (const auto& one : all) {
        if (out.tellp() > 0) out << ' ';
        switch (one.what) {
            case act::start:
                out << '+' << one.child;
                break;
            case act::stop:
                out << '-' << one.child;
                break;
            case act::kill:
                out << '!' << one.child;
                break;
            case act::abandon:
                out << '?' << one.child;
                break;
            case act::give_up:
                out << '#' << one.child;
                break;
            case act::forget:
                out << 'x' << one.child;
                break;
            case act::ended:
                out << "ended";
                break;
            case act::failed:
                out << "failed";
                break;
        }
    }
    return out.str();
}

struct family {
    time_point now{1h};
    supervisor_rules rules;

    explicit family(restart_rules given = {}, std::vector<child_kind> kinds = {})
        : rules(given, [] { return 0.0; }) {
        for (auto kind : kinds) rules.add({kind, 5s, {}});
    }

    std::string start() { return text(rules.start(now)); }
    std::string died(child_id id) { return text(rules.down(id, false, now)); }
    std::string ended(child_id id) { return text(rules.down(id, true, now)); }
    std::string stop() { return text(rules.stop(now)); }
    std::string after(std::chrono::milliseconds time) {
        now += time;
        return text(rules.tick(now));
    }
    [[nodiscard]] child_state state(child_id id) const { return rules.find(id)->state; }
};

constexpr auto perm = child_kind::permanent;
constexpr auto trans = child_kind::transient;
constexpr auto temp = child_kind::temporary;

restart_rules strategy(restart_strategy which) {
    restart_rules out;
    out.strategy = which;
    return out;
}

}  // namespace

TEST_CASE("the wait before a restart begins at nothing, doubles, has a bound and a spread") {
    restart_backoff backoff{100ms, 1'000ms};
    struct row {
        std::size_t streak;
        std::chrono::milliseconds least, most;
    };
    for (auto [streak, least, most] :
         {row{1, 0ms, 0ms}, row{2, 50ms, 100ms}, row{3, 100ms, 200ms}, row{4, 200ms, 400ms},
          row{6, 500ms, 1'000ms}, row{1'000'000, 500ms, 1'000ms}}) {
        CAPTURE(streak);
        CHECK(restart_delay(backoff, streak, 0.0) == least);
        CHECK(restart_delay(backoff, streak, 1.0) == most);
        CHECK(restart_delay(backoff, streak, 7.0) == most);
    }
    CHECK(restart_delay({0ms, 1s}, 9, 1.0) == 0ms);
}

TEST_CASE("children of the beginning start in their order") {
    family all({}, {perm, trans, temp});
    CHECK(all.start() == "+1 +2 +3");
    CHECK(all.start().empty());
}

TEST_CASE("what the end of a child leads to, by its kind") {
    struct row {
        child_kind kind;
        bool well;
        const char* follows;
        child_state state;
    };
    for (auto [kind, well, follows, state] :
         {row{perm, false, "+1", child_state::running}, row{perm, true, "+1", child_state::running},
          row{trans, false, "+1", child_state::running},
          row{trans, true, "", child_state::finished}, row{temp, false, "", child_state::finished},
          row{temp, true, "", child_state::finished}}) {
        family one({}, {kind});
        one.start();
        CAPTURE(static_cast<int>(kind), well);
        CHECK(text(one.rules.down(1, well, one.now)) == follows);
        CHECK(one.state(1) == state);
    }
}

TEST_CASE("who begins anew when the second of four dies, by the strategy") {
    SECTION("one_for_one") {
        family all(strategy(restart_strategy::one_for_one), {perm, perm, perm, perm});
        all.start();
        CHECK(all.died(2) == "+2");
    }
    SECTION("one_for_all: the others end in reverse, each once the one after it has") {
        family all(strategy(restart_strategy::one_for_all), {perm, perm, perm, perm});
        all.start();
        CHECK(all.died(2) == "-4");
        CHECK(all.ended(4) == "-3");
        CHECK(all.ended(3) == "-1");
        CHECK(all.ended(1) == "+1 +2 +3 +4");
        CHECK(all.rules.find(4)->restarts == 1);
    }
    SECTION("rest_for_one") {
        family all(strategy(restart_strategy::rest_for_one), {perm, perm, perm, perm});
        all.start();
        CHECK(all.died(2) == "-4");
        SECTION("one of the group that dies meanwhile is no death of its own") {
            CHECK(all.died(3).empty());
            CHECK(all.ended(4) == "+2 +3 +4");
        }
        SECTION("one before them that dies meanwhile joins the group") {
            CHECK(all.died(1).empty());
            CHECK(all.ended(4) == "-3");
            CHECK(all.ended(3) == "+1 +2 +3 +4");
        }
    }
    SECTION("a temporary one of the group is ended and stays so; one that has finished, too") {
        family all(strategy(restart_strategy::one_for_all), {trans, perm, temp});
        all.start();
        CHECK(all.ended(1).empty());
        CHECK(all.died(2) == "-3");
        CHECK(all.ended(3) == "+2");
    }
}

TEST_CASE("a group waits out its backoff before it starts again") {
    family all(strategy(restart_strategy::one_for_all), {perm, perm});
    all.start();
    all.died(1);
    CHECK(all.ended(2) == "+1 +2");
    CHECK(all.died(1) == "-2");
    CHECK(all.ended(2).empty());
    REQUIRE(all.rules.next_due());
    CHECK(*all.rules.next_due() == all.now + 50ms);
    auto [late, todo] = all.rules.add_later({perm, 5s, {}});
    CHECK(late == 3);
    CHECK(todo.empty());
    CHECK(all.after(49ms).empty());
    CHECK(all.after(1ms) == "+1 +2 +3");
    CHECK(all.rules.find(late)->restarts == 0);
}

TEST_CASE("restarts past the intensity are a failure of the supervisor, in order") {
    restart_rules rules;
    rules.intensity = {2, 10s};
    family all(rules, {perm, perm});
    all.start();
    CHECK(all.died(1) == "+1");
    CHECK(all.died(1).empty());
    CHECK(all.after(50ms) == "+1");
    SECTION("one too many within the time") {
        CHECK(all.died(1) == "-2");
        CHECK(all.rules.stopping());
        CHECK(all.ended(2) == "failed");
        CHECK(all.rules.add_later({}).first == 0);
    }
    SECTION("deaths of all children count together") {
        CHECK(all.died(2) == "-1");
        CHECK(all.ended(1) == "failed");
    }
    SECTION("none too many once the first is out of the window") {
        all.after(9'949ms);
        CHECK(all.died(2) == "-1");
        CHECK(all.ended(1) == "failed");
    }
    SECTION("none too many once those before are out of the window") {
        all.after(9'950ms);
        CHECK(all.died(2) == "+2");
    }
    SECTION("the backoff begins anew after a quiet time") {
        all.after(20s);
        CHECK(all.died(1) == "+1");
    }
    SECTION("an order from above while it fails is no failure any more") {
        CHECK(all.died(1) == "-2");
        CHECK(all.stop().empty());
        CHECK(all.ended(2) == "ended");
    }
}

TEST_CASE("a child with an intensity of its own is given up alone") {
    restart_rules rules;
    rules.intensity = {0, 60s};
    family all(rules, {perm});
    all.rules.add({perm, 5s, restart_intensity{1, 60s}});
    all.start();
    auto later = all.rules.add_later({perm, 5s, restart_intensity{0, 60s}});
    CHECK(text(later.second) == "+3");
    CHECK(all.died(2) == "+2");
    CHECK(all.died(2) == "#2");
    CHECK(all.state(2) == child_state::given_up);
    CHECK(all.died(3) == "#3 x3");
    CHECK_FALSE(all.rules.stopping());
    CHECK(all.died(1) == "failed");
}

TEST_CASE("an ordered stop asks, then kills, then gives up") {
    family all({}, {perm, perm, perm});
    all.start();
    all.died(1);
    all.died(1);
    CHECK(all.state(1) == child_state::waiting);
    CHECK(all.stop() == "-3");
    CHECK(all.stop().empty());
    CHECK(all.after(4'999ms).empty());
    CHECK(all.after(1ms) == "!3");
    CHECK(all.after(999ms).empty());
    CHECK(all.after(1ms) == "?3 -2");
    CHECK(all.died(2) == "ended");
    CHECK_FALSE(all.rules.next_due());
    CHECK(all.ended(1).empty());
    CHECK(all.after(1h).empty());
}

TEST_CASE("children that came later end at once, before those of the beginning") {
    family all({}, {perm, perm});
    all.start();
    for (int i = 0; i < 3; ++i) CHECK(all.rules.add_later({temp, 5s, {}}).first != 0);
    CHECK(all.stop() == "-5 -4 -3");
    CHECK(all.ended(4) == "x4");
    CHECK(all.ended(5) == "x5");
    CHECK(all.after(5s) == "!3");
    CHECK(all.ended(3) == "x3 -2");
    CHECK(all.ended(2) == "-1");
    CHECK(all.ended(1) == "ended");
}

TEST_CASE("a child that is removed is ended for good") {
    family all({}, {perm, perm});
    all.start();
    auto id = all.rules.add_later({perm, 2s, {}}).first;
    SECTION("as it is asked") {
        CHECK(text(all.rules.remove(id, all.now)) == "-3");
        CHECK(text(all.rules.remove(id, all.now)).empty());
        CHECK(all.died(id) == "x3");
    }
    SECTION("by force") {
        CHECK(text(all.rules.remove(id, all.now)) == "-3");
        CHECK(all.after(2s) == "!3");
        CHECK(all.after(1s) == "?3 x3");
    }
    SECTION("while it waits for its restart") {
        all.died(id);
        all.died(id);
        CHECK(text(all.rules.remove(id, all.now)) == "x3");
        CHECK(all.after(1h).empty());
    }
    SECTION("while all are ended") {
        CHECK(text(all.rules.remove(id, all.now)) == "-3");
        CHECK(all.stop().empty());
        CHECK(all.ended(id) == "x3 -2");
    }
    CHECK(all.rules.find(id) == nullptr);
    CHECK(text(all.rules.remove(77, all.now)).empty());
}

TEST_CASE("random lives keep the order and come to an end") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        restart_rules rules;
        rules.strategy = static_cast<restart_strategy>(pick(3));
        rules.intensity = {3 + pick(20), 10s};
        family all(rules);
        for (std::size_t i = 0; i < 6; ++i)
            all.rules.add({static_cast<child_kind>(pick(3)), 1s, {}});
        // Who runs, as the outside sees it.
        std::set<child_id> up;
        std::size_t ends = 0;
        auto carry_out = [&](const supervisor_rules::decisions& todo) {
            child_id last_start = 0;
            for (const auto& one : todo) {
                if (one.what == act::start) {
                    REQUIRE(up.insert(one.child).second);
                    CHECK(one.child > last_start);
                    if (rules.strategy != restart_strategy::one_for_one) last_start = one.child;
                }
                if (one.what == act::stop) {
                    REQUIRE(up.contains(one.child));
                    // Of those of the beginning, none after it runs that is being ended as well.
                    if (one.child <= 6 && all.rules.stopping()) CHECK(*up.rbegin() == one.child);
                }
                if (one.what == act::abandon) up.erase(one.child);
                if (one.what == act::ended || one.what == act::failed) {
                    ++ends;
                    CHECK(up.empty());
                }
            }
        };
        carry_out(all.rules.start(all.now));
        for (int step = 0; step < 100 && ends == 0; ++step) {
            switch (pick(6)) {
                case 0:
                    carry_out(
                        all.rules.add_later({static_cast<child_kind>(pick(3)), 1s, {}}).second);
                    break;
                case 1:
                    carry_out(all.rules.remove(7 + pick(10), all.now));
                    break;
                case 2:
                    all.now += std::chrono::milliseconds{pick(3'000)};
                    carry_out(all.rules.tick(all.now));
                    break;
                default: {
                    if (up.empty()) break;
                    auto whom =
                        *std::next(up.begin(), static_cast<std::ptrdiff_t>(pick(up.size())));
                    up.erase(whom);
                    carry_out(all.rules.down(whom, pick(2) == 0, all.now));
                }
            }
        }
        if (ends == 0) carry_out(all.rules.stop(all.now));
        for (int step = 0; step < 1'000 && ends == 0; ++step) {
            auto due = all.rules.next_due();
            REQUIRE(due);
            all.now = std::max(all.now, *due);
            carry_out(all.rules.tick(all.now));
        }
        CHECK(ends == 1);
        CHECK_FALSE(all.rules.next_due());
    }
}
