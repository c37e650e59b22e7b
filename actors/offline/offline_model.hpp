#pragma once

#include "runtime/chat_model.hpp"

namespace perin::actors {

/// The built-in assistant as a model: it answers by rules, at once, without any service.
class offline_model final : public runtime::chat_model {
  public:
    [[nodiscard]] std::shared_ptr<runtime::model_call> start(runtime::shared_model_request request,
                                                             runtime::model_sink sink) override;
    [[nodiscard]] const std::string& name() const override { return name_; }

  private:
    std::string name_ = "offline";
};

}  // namespace perin::actors
