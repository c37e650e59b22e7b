#include "net/openai/chat_response.hpp"

#include "domain/text.hpp"

#include <algorithm>
#include <utility>

namespace perin::net {

namespace {

constexpr const char* unreadable = "The model service's answer could not be read.";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

bool chat_stream::read(std::string_view payload, std::string& text) {
    if (failure_) return false;
    if (ended_) return true;
    if (const auto plain = pattern_.match(payload)) {
        size_ += plain->size();
        if (size_ > max_text) return fail(categorize(http_error::too_large));
        halves_.push(*plain, text);
        return true;
    }
    const auto content = trimmed(payload);
    if (content == "[DONE]") {
        ended_ = true;
        halves_.finish(text);
        return true;
    }
    if (content.empty()) return true;  // keeps the connection alive
    auto chunk = read_chat_chunk(content);
    if (!chunk) return fail({error_category::unknown, unreadable});
    pattern_.learn(payload, *chunk);
    return apply(*chunk, text);
}

bool chat_stream::apply(chat_chunk& chunk, std::string& text) {
    if (chunk.error) return fail(categorize(*chunk.error));
    size_ += chunk.text.size();
    for (const auto& piece : chunk.calls) size_ += piece.arguments.size();
    if (size_ > max_text) return fail(categorize(http_error::too_large));
    halves_.push(chunk.text, text);
    if (chunk.finish) halves_.finish(text);
    for (auto& piece : chunk.calls) {
        if (!assemble(piece)) return fail({error_category::unknown, unreadable});
    }
    if (chunk.finish) finish_ = chunk.finish;
    if (chunk.usage) usage_ = chunk.usage;
    return true;
}

bool chat_stream::fail(model_failure why) {
    failure_ = std::move(why);
    return false;
}

/// The call that a piece goes on with, or a new one. Servers that number all calls 0 tell them
/// apart by id; those that leave the number out send each call whole.
chat_stream::assembled_call* chat_stream::call_for(const tool_call_piece& piece) {
    const auto goes_on = [&piece](const assembled_call& known) {
        if (piece.index && known.index != *piece.index) return false;
        if (!piece.id.empty()) return known.call.id.empty() || known.call.id == piece.id;
        return piece.index.has_value() || piece.name.empty();
    };
    const auto found = std::find_if(calls_.rbegin(), calls_.rend(), goes_on);
    if (found != calls_.rend()) return &*found;
    if (calls_.size() == max_tool_calls) return nullptr;
    const auto index = piece.index.value_or(calls_.empty() ? 0 : calls_.back().index + 1);
    if (index < 0 || index >= static_cast<std::int64_t>(max_tool_calls)) return nullptr;
    return &calls_.emplace_back(assembled_call{.index = index, .call = {}});
}

bool chat_stream::assemble(tool_call_piece& piece) {
    assembled_call* const target = call_for(piece);
    if (target == nullptr) return false;
    auto& call = target->call;
    if (call.id.empty()) call.id = std::move(piece.id);
    if (call.name.empty()) call.name = std::move(piece.name);
    target->halves.push(piece.arguments, call.arguments);
    return true;
}

chat_outcome chat_stream::close(std::string text) && {
    if (failure_) return std::move(*failure_);
    if (!complete()) return categorize(http_error::reset);
    model_reply reply{.text = std::move(text), .tool_calls = {}, .usage = usage_};
    std::ranges::stable_sort(calls_, {}, &assembled_call::index);
    for (auto& one : calls_) {
        one.halves.finish(one.call.arguments);
        reply.tool_calls.push_back(std::move(one.call));
    }
    std::size_t made_up = 0;
    for (auto& call : reply.tool_calls) {
        while (call.id.empty()) {
            const auto id = "call_" + std::to_string(++made_up);
            if (std::ranges::find(reply.tool_calls, id, &tool_call::id) == reply.tool_calls.end()) {
                call.id = id;
            }
        }
    }
    reply.finish = finish_.value_or(model_finish::stop);
    if (!reply.tool_calls.empty() && reply.finish == model_finish::stop) {
        reply.finish = model_finish::tool_calls;
    }
    if (reply.text.empty() && reply.tool_calls.empty()) {
        if (reply.finish == model_finish::content_filter) {
            return model_failure{error_category::rejected,
                                 "The model service withheld its answer."};
        }
        return model_failure{error_category::unknown, "The model service's answer was empty."};
    }
    return reply;
}

chat_outcome parse_chat_completion(std::string_view body) {
    chat_stream stream;
    std::string text;
    // Whole as it is: it needs no finish reason to be taken for complete.
    if (stream.read(body, text)) static_cast<void>(stream.read("[DONE]", text));
    return std::move(stream).close(std::move(text));
}

}  // namespace perin::net
