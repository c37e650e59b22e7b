#include "runtime/observed_model.hpp"

#include "runtime/log.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace perin::runtime {

namespace {

/// Roles in their order, such as `system user assistant user`; of a long talk only the last.
std::string roles_of(const std::vector<chat_message>& messages) {
    constexpr std::size_t most = 12;
    std::string out;
    const auto first = messages.size() > most ? messages.size() - most : 0;
    for (std::size_t i = first; i < messages.size(); ++i)
        out.append(out.empty() ? "" : " ").append(to_string(messages[i].role));
    return out;
}

std::string names_of(const std::vector<tool_definition>& tools) {
    std::string out;
    for (const auto& tool : tools) out.append(out.empty() ? "" : " ").append(tool.name);
    return out;
}

std::size_t octets_of(const std::vector<chat_message>& messages) {
    std::size_t out = 0;
    for (const auto& message : messages) {
        out += message.content.size();
        for (const auto& call : message.tool_calls) out += call.arguments.size();
    }
    return out;
}

const char* name_of(model_finish finish) {
    constexpr std::array names{"stop", "length", "tool_calls", "content_filter"};
    return names[static_cast<std::size_t>(finish)];
}

/// The tools that a reply asks for. A model may ask for any name: one that it was not offered is
/// its own text, and is told as `unknown`.
std::string names_of(const std::vector<tool_call>& calls, const std::vector<std::string>& offered) {
    std::string out;
    for (const auto& call : calls) {
        const auto ours = std::find(offered.begin(), offered.end(), call.name) != offered.end();
        out.append(out.empty() ? "" : " ").append(ours ? call.name : "unknown");
    }
    return out;
}

std::string trace_of(const request_origin& origin) {
    return origin.trace ? to_hex(origin.trace->trace) : std::string{};
}

/// What is told of one call. Shared by the sink's copies; used by one thread at a time.
class observed_call {
  public:
    observed_call(model_meter& meter, std::string_view model, const model_request& request,
                  model_sink inner)
        : meter_(meter), model_(model), origin_(request.origin), inner_(std::move(inner)) {
        if (!logs_model_detail()) return;
        for (const auto& tool : request.tools) offered_.push_back(tool.name);
    }

    void take(model_event what) {
        if (std::holds_alternative<model_delta>(what))
            ++deltas_;
        else if (const auto* reply = std::get_if<model_reply>(&what))
            on_reply(*reply);
        else
            on_failure(std::get<model_failure>(what));
        inner_(std::move(what));
    }

  private:
    void on_reply(const model_reply& reply) {
        meter_.succeeded(reply.elapsed, reply.usage);
        if (!logs_model_detail()) return;
        const auto usage = reply.usage.value_or(token_usage{});
        log_model("model.answered", "the model answered",
                  {{"turnId", origin_.turn_id},
                   {"conversationId", origin_.conversation_id},
                   {"requestId", origin_.request_id},
                   {"model", model_},
                   {"durationMs", reply.elapsed},
                   {"deltas", deltas_},
                   {"textBytes", reply.text.size()},
                   {"tools", names_of(reply.tool_calls, offered_)},
                   {"finish", name_of(reply.finish)},
                   {"promptTokens", usage.prompt_tokens},
                   {"completionTokens", usage.completion_tokens}});
    }

    void on_failure(const model_failure& why) {
        meter_.failed(why.elapsed, why.category);
        log(log_level::warning, "model.failed", "a call to the model failed",
            {{"turnId", origin_.turn_id},
             {"conversationId", origin_.conversation_id},
             {"requestId", origin_.request_id},
             {"traceId", trace_of(origin_)},
             {"model", model_},
             {"category", to_string(why.category)},
             {"status", why.status},
             {"durationMs", why.elapsed},
             {"deltas", deltas_}});
    }

    model_meter& meter_;
    std::string_view model_;
    request_origin origin_;
    std::vector<std::string> offered_;
    model_sink inner_;
    std::size_t deltas_ = 0;
};

class observed_model final : public chat_model {
  public:
    observed_model(std::shared_ptr<chat_model> inner, std::string_view provider, metrics& into)
        : inner_(std::move(inner)), meter_(into.model(provider, inner_->name())) {}

    std::shared_ptr<model_call> start(shared_model_request request, model_sink sink) override {
        if (logs_model_detail())
            log_model("model.called", "the model is asked",
                      {{"turnId", request->origin.turn_id},
                       {"conversationId", request->origin.conversation_id},
                       {"requestId", request->origin.request_id},
                       {"traceId", trace_of(request->origin)},
                       {"model", name()},
                       {"stream", request->stream},
                       {"messages", request->messages.size()},
                       {"roles", roles_of(request->messages)},
                       {"textBytes", octets_of(request->messages)},
                       {"tools", names_of(request->tools)}});
        auto call = std::make_shared<observed_call>(meter_, name(), *request, std::move(sink));
        return inner_->start(std::move(request),
                             [call](model_event what) { call->take(std::move(what)); });
    }

    [[nodiscard]] const std::string& name() const override { return inner_->name(); }

  private:
    std::shared_ptr<chat_model> inner_;
    model_meter& meter_;
};

}  // namespace

std::shared_ptr<chat_model> observed(std::shared_ptr<chat_model> inner, std::string_view provider,
                                     metrics& into) {
    return std::make_shared<observed_model>(std::move(inner), provider, into);
}

}  // namespace perin::runtime
