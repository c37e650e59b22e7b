#include "net/openai/chat_request.hpp"

#include "domain/text.hpp"

#include <charconv>
#include <cstddef>

namespace perin::net {

namespace {

void append_text(std::string& out, std::string_view text) {
    if (is_utf8(text)) {
        append_json_string(out, text);
    } else {
        append_json_string(out, repaired_utf8(text));
    }
}

void append_tool_call(std::string& out, const tool_call& call) {
    out += R"({"id":)";
    append_text(out, call.id);
    out += R"(,"type":"function","function":{"name":)";
    append_text(out, call.name);
    out += R"(,"arguments":)";
    append_text(out, call.arguments);
    out += "}}";
}

void append_message(std::string& out, const chat_message& message) {
    out += R"({"role":")";
    out += to_string(message.role);
    out += R"(","content":)";
    const bool calls = message.role == chat_role::assistant && !message.tool_calls.empty();
    if (calls && message.content.empty()) {
        out += "null";
    } else {
        append_text(out, message.content);
    }
    if (message.role == chat_role::tool) {
        out += R"(,"tool_call_id":)";
        append_text(out, message.tool_call_id);
    }
    if (calls) {
        out += R"(,"tool_calls":[)";
        for (const auto& call : message.tool_calls) {
            append_tool_call(out, call);
            out += ',';
        }
        out.back() = ']';
    }
    out += '}';
}

void append_tool(std::string& out, const tool_definition& tool) {
    out += R"({"type":"function","function":{"name":)";
    append_text(out, tool.name);
    out += R"(,"description":)";
    append_text(out, tool.purpose);
    if (tool.parameters.is_object()) {
        out += R"(,"parameters":)";
        out += tool.parameters.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    out += "}}";
}

void append_response_format(std::string& out, const response_format& format) {
    out += R"(,"response_format":{"type":"json_schema","json_schema":{"name":)";
    append_text(out, format.name);
    out += R"(,"strict":true,"schema":)";
    out += format.schema.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out += "}}";
}

/// Room for all but the escapes, so that the body is allocated once.
std::size_t size_guess(const model_request& request) {
    std::size_t size = 256 + 512 * request.tools.size();
    for (const auto& message : request.messages) {
        size += message.content.size() + message.content.size() / 16 + 64;
        for (const auto& call : message.tool_calls) size += call.arguments.size() + 128;
    }
    return size;
}

}  // namespace

std::string_view max_tokens_key(std::string_view model) {
    if (const auto slash = model.rfind('/'); slash != std::string_view::npos) {
        model.remove_prefix(slash + 1);
    }
    const auto generation_after = [model](std::string_view family) {
        int generation = 0;
        if (model.starts_with(family)) {
            std::from_chars(model.data() + family.size(), model.data() + model.size(), generation);
        }
        return generation;
    };
    const bool reasons = generation_after("o") >= 1 || generation_after("gpt-") >= 5;
    return reasons ? "max_completion_tokens" : "max_tokens";
}

std::string make_chat_body(const model_request& request, std::string_view model) {
    std::string out;
    out.reserve(size_guess(request));
    out += R"({"model":)";
    append_text(out, model);
    out += R"(,"messages":[)";
    for (const auto& message : request.messages) {
        append_message(out, message);
        out += ',';
    }
    if (out.back() == ',') out.pop_back();
    out += ']';
    if (!request.tools.empty()) {
        out += R"(,"tools":[)";
        for (const auto& tool : request.tools) {
            append_tool(out, tool);
            out += ',';
        }
        out.back() = ']';
    }
    if (request.response) append_response_format(out, *request.response);
    if (request.max_tokens) {
        out += ",\"";
        out += max_tokens_key(model);
        out += "\":";
        out += std::to_string(*request.max_tokens);
    }
    if (request.stream) out += R"(,"stream":true,"stream_options":{"include_usage":true})";
    out += '}';
    return out;
}

}  // namespace perin::net
