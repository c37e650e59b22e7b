#include "runtime/observed_model.hpp"

#include <catch2/catch.hpp>

using namespace perin;
using namespace perin::runtime;
using namespace std::chrono_literals;

namespace {

/// Tells what it is given, before `start` returns.
struct told_model final : chat_model {
    std::vector<model_event> events;
    shared_model_request asked;
    std::string label = "model-1";
    int cancelled = 0;

    struct call final : model_call {
        explicit call(int& count) : count_(count) {}
        void cancel() override { ++count_; }
        int& count_;
    };

    std::shared_ptr<model_call> start(shared_model_request request, model_sink sink) override {
        asked = std::move(request);
        for (const auto& one : events) sink(one);
        return std::make_shared<call>(cancelled);
    }
    [[nodiscard]] const std::string& name() const override { return label; }
};

std::uint64_t count_of(model_meter& meter, std::size_t category) {
    return meter.durations.at(category).read().cumulative.back();
}

constexpr std::size_t went_well = 7;

}  // namespace

TEST_CASE("a model that is observed is asked and answers as before") {
    metrics of;
    auto inner = std::make_shared<told_model>();
    inner->events = {model_delta{"a"}, model_delta{"b"},
                     model_reply{"ab", {}, model_finish::stop, token_usage{3, 4, 7}, 20ms}};
    auto model = observed(inner, "openai", of);
    CHECK(model->name() == "model-1");
    auto request = std::make_shared<model_request>();
    request->messages.push_back({chat_role::user, "hello"});
    request->origin.turn_id = "trn_1";
    std::vector<model_event> seen;
    auto call = model->start(request, [&](model_event one) { seen.push_back(std::move(one)); });
    CHECK(inner->asked == request);
    REQUIRE(seen.size() == 3);
    CHECK(std::get<model_delta>(seen[1]).text == "b");
    CHECK(std::get<model_reply>(seen[2]).text == "ab");
    call->cancel();
    CHECK(inner->cancelled == 1);

    auto& meter = of.model("openai", "model-1");
    CHECK(count_of(meter, went_well) == 1);
    CHECK(meter.durations.at(went_well).read().sum == Approx(0.02));
    CHECK(meter.input_tokens.read().sum == Approx(3));
    CHECK(meter.output_tokens.read().sum == Approx(4));
}

TEST_CASE("a failed call counts under its category, and one that is cut off not at all") {
    metrics of;
    auto inner = std::make_shared<told_model>();
    inner->events = {model_delta{"a"}, model_failure{error_category::rate_limit, "", 429, {}, 5ms}};
    auto model = observed(inner, "openai", of);
    std::size_t events = 0;
    (void)model->start(std::make_shared<model_request>(), [&](model_event) { ++events; });
    CHECK(events == 2);
    inner->events = {model_delta{"a"}};
    model->start(std::make_shared<model_request>(), [](model_event) {})->cancel();
    auto& meter = of.model("openai", "model-1");
    CHECK(count_of(meter, static_cast<std::size_t>(error_category::rate_limit)) == 1);
    CHECK(count_of(meter, went_well) == 0);
}
