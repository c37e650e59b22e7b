#include "domain/memory.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace perin;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

constexpr timestamp now{1'764'583'200s};

memory_entry entry(std::string key, std::string content, double importance = 0.5,
                   timestamp at = now) {
    return {
        .key = std::move(key), .content = std::move(content), .importance = importance, .at = at};
}

std::vector<std::string> keys(const std::vector<scored_memory>& found) {
    std::vector<std::string> list;
    for (const auto& one : found) list.push_back(one.entry.key);
    return list;
}

}  // namespace

TEST_CASE("an entry without a shared term is not relevant") {
    CHECK(relevance(entry("coffee", "flat white, no sugar", 1.0), "when is my train?", now) == 0);
    CHECK(relevance(entry("coffee", "flat white"), "", now) == 0);
}

TEST_CASE("stop words are no overlap") {
    CHECK(relevance(entry("about_you", "what the user is and how they do it", 1.0),
                    "What is it that you do, and how?", now) == 0);
}

TEST_CASE("a stop word that looks like a plural is not taken for its singular") {
    CHECK(relevance(entry("x", "what does it matter"), "a doe", now) == 0);
    CHECK(relevant_memories(std::vector{index_memory(entry("x", "what does it matter"))},
                            memory_terms("a doe"), 5, now)
              .empty());
    CHECK(memory_terms("does it, will wills").empty());
}

TEST_CASE("key and content count, folded, with plurals as one") {
    CHECK(relevance(entry("coffee_order", "flat white"), "Two COFFEES please", now) > 0);
    CHECK(relevance(entry("x", "prefers mornings"), "a morning slot?", now) > 0);
    CHECK(relevance(entry("x", "\xC3\x84rger im B\xC3\xBCro"), "\xC3\xA4rger", now) > 0);
    CHECK(relevance(entry("x", "bus status"), "bu statu", now) == 0);
    const auto by_key = relevance(entry("coffee", "flat white"), "which coffee?", now);
    const auto by_content = relevance(entry("drink", "coffee, flat white"), "which coffee?", now);
    CHECK(by_key > by_content);
}

TEST_CASE("importance and recency raise the relevance of what overlaps") {
    const auto* const text = "coffee";
    CHECK(relevance(entry("coffee", "white", 0.9), text, now) >
          relevance(entry("coffee", "white", 0.2), text, now));
    CHECK(relevance(entry("coffee", "white", 0.5, now), text, now) >
          relevance(entry("coffee", "white", 0.5, now - days{5}), text, now));
}

TEST_CASE("recency halves every 30 days and is full for a time ahead") {
    const auto at_age = [](days age) {
        return relevance(entry("coffee", "white", 0.5, now - age), "coffee", now);
    };
    const auto old = at_age(days{30'000});
    const auto fresh = at_age(days{0}) - old;
    CHECK(at_age(days{30}) - old == Approx(fresh / 2));
    CHECK(at_age(days{60}) - old == Approx(fresh / 4));
    CHECK(at_age(days{-10}) == at_age(days{0}));
}

TEST_CASE("relevance stays within 0 and 1") {
    CHECK(relevance(entry("coffee", "coffee", 1.0), "coffee", now) <= 1.0);
    CHECK(relevance(entry("coffee", "coffee", 99.0), "coffee", now) <= 1.0);
    CHECK(relevance(entry("coffee", "coffee", -99.0), "coffee", now) >= 0.0);
    CHECK(rc::check([](const std::string& key, const std::string& content, const std::string& text,
                       double importance) {
        const auto age = std::chrono::hours{*rc::gen::inRange(-100'000, 100'000)};
        const auto points = relevance(entry(key, content + " shared", importance, now - age),
                                      text + " shared", now);
        RC_ASSERT(points > 0.0);
        RC_ASSERT(points <= 1.0);
    }));
}

TEST_CASE("the most relevant come first, no more than asked for, ties by key") {
    const std::vector<memory_entry> entries{
        entry("zebra", "likes coffee"),
        entry("apple", "likes coffee"),
        entry("coffee", "flat white"),
        entry("train", "at eight", 1.0),
        entry("old", "likes coffee", 0.5, now - days{90}),
    };
    CHECK(keys(relevant_memories(entries, "Coffee?", 5, now)) ==
          std::vector<std::string>{"coffee", "apple", "zebra", "old"});
    CHECK(keys(relevant_memories(entries, "Coffee?", 2, now)) ==
          std::vector<std::string>{"coffee", "apple"});
    CHECK(relevant_memories(entries, "Coffee?", 0, now).empty());
    CHECK(relevant_memories(entries, "what about it?", 5, now).empty());
    CHECK(relevant_memories(std::vector<memory_entry>{}, "Coffee?", 5, now).empty());
    const auto best = relevant_memories(entries, "Coffee?", 1, now);
    CHECK(best.front().score == relevance(entries[2], "Coffee?", now));
    CHECK(best.front().entry == entries[2]);
}

TEST_CASE("indexed entries are found just as plain ones") {
    CHECK(rc::check([] {
        const auto words = rc::gen::container<std::vector<std::string>>(
            rc::gen::element<std::string>("coffee", "coffees", "the", "train", "_", "Vienna",
                                          "class", "will", "wills", "boss", "s"));
        const auto sentence = rc::gen::map(words, [](const std::vector<std::string>& list) {
            std::string text;
            for (const auto& word : list) text += word + ' ';
            return text;
        });
        std::vector<memory_entry> plain;
        std::vector<indexed_memory> indexed;
        const auto count = *rc::gen::inRange(0, 10);
        for (int i = 0; i < count; ++i) {
            plain.push_back(entry(*sentence, *sentence, i / 10.0));
            indexed.push_back(index_memory(plain.back()));
        }
        const auto text = *sentence;
        const auto a = relevant_memories(plain, text, 5, now);
        const auto b = relevant_memories(indexed, memory_terms(text), 5, now);
        RC_ASSERT(a.size() == b.size());
        for (std::size_t i = 0; i < a.size(); ++i) RC_ASSERT(a[i].score == b[i].score);
        RC_ASSERT(keys(a) == keys(b));
    }));
}

TEST_CASE("importance grows with what an entry says") {
    const auto plain = computed_importance("note", "some words", "fact");
    CHECK(plain >= 0);
    CHECK(plain <= 0.4);
    CHECK(computed_importance("note", "is allergic to nuts", "fact") > plain);
    CHECK(computed_importance("note", "prefers the window seat", "fact") > plain);
    CHECK(computed_importance("note", "the deadline is near", "fact") > plain);
    CHECK(computed_importance("note", "leaves at 17:30", "fact") > plain);
    CHECK(computed_importance("note", "works with Anna", "fact") > plain);
    CHECK(computed_importance("note", "some words", "preference") > plain);
    CHECK(computed_importance("note", std::string(500, 'x'), "fact") > plain);
    CHECK(computed_importance("", "", "") >= 0);
    const auto all = "Anna must never be late, prefers 9:00, the deadline is due on Monday. " +
                     std::string(500, 'x');
    CHECK(computed_importance("rule", all, "constraint") <= 1.0);
    CHECK(computed_importance("rule", all, "constraint") > 0.9);
}

TEST_CASE("the least valuable entry is the one of little weight, use and freshness") {
    std::vector<memory_entry> entries{
        entry("important", "x", 0.9, now - days{365}),
        entry("used", "x", 0.3, now - days{365}),
        entry("old", "x", 0.3, now - days{365}),
        entry("new", "x", 0.3, now),
    };
    entries[1].use_count = 12;
    CHECK(least_valuable(entries, "", now) == 2U);
    CHECK(least_valuable(entries, "old", now) != 2U);
    CHECK_FALSE(least_valuable({}, "", now));
    CHECK_FALSE(least_valuable(std::vector{entry("only", "x")}, "only", now));
}

TEST_CASE("of equally worthless entries the older goes, then by key") {
    const std::vector<memory_entry> by_key{entry("b", "x"), entry("a", "x"), entry("c", "x")};
    CHECK(least_valuable(by_key, "", now) == 1U);
    // Both lie ahead of the clock and so are equally fresh.
    const std::vector<memory_entry> by_time{entry("a", "x", 0.5, now + 2s),
                                            entry("b", "x", 0.5, now + 1s)};
    CHECK(least_valuable(by_time, "", now) == 1U);
}
