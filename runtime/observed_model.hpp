#pragma once

#include "runtime/chat_model.hpp"
#include "runtime/metrics.hpp"

#include <memory>
#include <string_view>

namespace perin::runtime {

/// `inner`, whose calls are counted in `into` under OpenTelemetry's GenAI names and written to the
/// log: failures always, all else with `DEBUG_AI`. `provider`: as OpenTelemetry names it, such as
/// `openai`. `into` must outlive the model.
[[nodiscard]] std::shared_ptr<chat_model> observed(std::shared_ptr<chat_model> inner,
                                                   std::string_view provider, metrics& into);

}  // namespace perin::runtime
