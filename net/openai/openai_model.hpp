#pragma once

#include "net/http_client/http_client.hpp"
#include "runtime/chat_model.hpp"
#include "runtime/clock.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace perin::net {

struct openai_options {
    /// With or without a path and a trailing slash.
    std::string base_url = "https://api.openai.com/v1";
    /// Empty: no `Authorization` is sent, as servers of one's own want it.
    std::string api_key = {};
    std::string model = "gpt-4o-mini";
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds first_token_timeout{60'000};
    std::chrono::milliseconds idle_timeout{30'000};
    std::chrono::milliseconds call_timeout{300'000};
};

/// A model behind OpenAI's Chat Completions, of OpenAI or of a compatible server. Events come on
/// the HTTP client's thread. Once the client is destroyed, calls that were not cancelled have
/// failed.
class openai_model final : public runtime::chat_model {
  public:
    /// `client` and `clock` must outlive this.
    openai_model(http_client& client, const runtime::wall_clock& clock, openai_options options);

    [[nodiscard]] std::shared_ptr<runtime::model_call> start(runtime::shared_model_request request,
                                                             runtime::model_sink sink) override;
    [[nodiscard]] const std::string& name() const override { return options_.model; }

  private:
    http_client& client_;
    const runtime::wall_clock& clock_;
    const openai_options options_;
    const std::string url_;
};

}  // namespace perin::net
