#include "actors/offline/offline_model.hpp"

#include "domain/offline_assistant.hpp"

namespace perin::actors {

namespace {

/// All has been said when `start` returns: there is nothing to end.
class finished_call final : public runtime::model_call {
  public:
    void cancel() override {}
};

}  // namespace

std::shared_ptr<runtime::model_call> offline_model::start(runtime::shared_model_request request,
                                                          runtime::model_sink sink) {
    auto reply = offline_reply(*request);
    if (request->stream)
        for (auto& piece : offline_deltas(reply.text)) sink(model_delta{std::move(piece)});
    sink(std::move(reply));
    return std::make_shared<finished_call>();
}

}  // namespace perin::actors
