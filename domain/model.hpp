#pragma once

#include "domain/link_context.hpp"
#include "domain/memory.hpp"
#include "domain/notification.hpp"
#include "domain/time.hpp"
#include "domain/trace_context.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perin {

enum class chat_role { system, user, assistant, tool };

[[nodiscard]] const char* to_string(chat_role role) noexcept;

/// A call that a model asks for. `arguments` is the model's text: it may be anything, and is parsed
/// and checked against the tool's schema before a handler sees it.
struct tool_call {
    std::string id;
    std::string name;
    std::string arguments;
    friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// One message of a model's conversation.
struct chat_message {
    chat_role role = chat_role::user;
    std::string content;
    /// Only of an assistant's message.
    std::vector<tool_call> tool_calls = {};
    /// Only of a tool's message: the call that it answers.
    std::string tool_call_id = {};
    friend bool operator==(const chat_message&, const chat_message&) = default;
};

/// A tool as a model is told of it.
struct tool_definition {
    std::string name;
    std::string purpose;
    /// JSON Schema of the arguments, an object schema.
    nlohmann::json parameters;
};

struct token_usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t total_tokens = 0;
    friend bool operator==(const token_usage&, const token_usage&) = default;
};

/// What an assistant without a model needs to answer: a model is told the same in its prompt.
struct assistant_context {
    std::string perin_name = "Perin";
    std::string user_name = {};
    /// IANA name; the user's zone.
    std::string timezone = "UTC";
    timestamp now = {};
    /// Those relevant to the last user message, best first.
    std::vector<scored_memory> memories = {};
    /// How many entries the user has in all.
    std::size_t memory_count = 0;
    /// What waits for the user's decision, newest first.
    std::vector<open_notification> notifications = {};
    /// The one that the last user message answers by the rules, and how.
    std::optional<notification_answer> answered = {};
    /// Set in the turn of a link's guest, and then nothing of the owner's is in any other field;
    /// `timezone` is the guest's.
    std::optional<link_context> link = {};
};

/// The form that an answer must have (structured output).
struct response_format {
    /// Letters, digits, `_` and `-`, at most 64.
    std::string name;
    /// JSON Schema of the answer, an object schema.
    nlohmann::json schema;
};

/// What a call to a model is made for, for logs and traces. Of all this only the trace goes out.
struct request_origin {
    std::string conversation_id = {};
    std::string turn_id = {};
    std::string request_id = {};
    std::optional<trace_context> trace = {};
};

/// One call to a model.
struct model_request {
    std::vector<chat_message> messages;
    /// Empty: no tools are offered.
    std::vector<tool_definition> tools = {};
    /// Whether deltas are wanted as they come.
    bool stream = true;
    std::optional<std::int64_t> max_tokens = {};
    assistant_context context = {};
    request_origin origin = {};
    /// Set: the answer is JSON of this form, where the service holds to it.
    std::optional<response_format> response = {};
};

enum class model_finish { stop, length, tool_calls, content_filter };

/// A finished call: all text (streamed deltas included) and the tool calls in their order.
struct model_reply {
    std::string text;
    std::vector<tool_call> tool_calls = {};
    model_finish finish = model_finish::stop;
    std::optional<token_usage> usage = {};
    /// From the moment the call was begun to the last byte of its answer.
    std::chrono::microseconds elapsed{0};
};

/// Error categories of features section 9.
enum class error_category {
    rate_limit,
    timeout,
    authentication,
    context_too_large,
    quota,
    rejected,
    unknown,
};

[[nodiscard]] const char* to_string(error_category category) noexcept;

/// A failed call. `detail` may be shown to a user: it bears no secret and no body of the upstream.
struct model_failure {
    error_category category = error_category::unknown;
    std::string detail;
    /// HTTP status, 0 where no answer came.
    int status = 0;
    /// Wait that the upstream asked for.
    std::optional<std::chrono::milliseconds> retry_after = {};
    std::chrono::microseconds elapsed{0};
    /// Whether the service leaves room for another try; the category may still forbid one.
    bool retryable = true;
    /// False where the failure tells nothing of the service: our own bounds.
    bool counts_for_circuit = true;
    /// The service was reached, and then nothing came in time.
    bool silent = false;
};

/// Text as it came in one read of the socket: one or more deltas of the model, joined.
struct model_delta {
    std::string text;
};

/// What a call tells its caller: any number of deltas, then one reply or failure.
using model_event = std::variant<model_delta, model_reply, model_failure>;

}  // namespace perin
