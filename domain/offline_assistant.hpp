#pragma once

#include "domain/model.hpp"

#include <string>
#include <vector>

namespace perin {

/// Answers without a language model, by the rules of a table of intents: small talk, notes, dates
/// and times, sums. Pure and deterministic: the time is `request.context.now`, and the same request
/// has the same reply. Any text is fine; linear in its length. May be called from any thread.
///
/// - Tools are offered (the planner's call): the calls that the last user message needs, or nothing
///   (no text, no calls) where it needs none, where its tool is not among those offered, or where
///   calls were already made for it. Ids are `call_1` and on, new within the messages.
/// - No tools are offered (the responder's call, or a direct one): the answer. It says that
///   something was done only by a tool result of this turn, and where a call would be needed but
///   was not made, that it cannot do that here.
/// - `context.link` is set: the same for the guest of a link, by a table of its own.
/// - `response` is the form of `multi_step_analysis`: its JSON, by the rules.
///
/// A tool result is the JSON of what the tool returned, or `{"error":{"code","message"}}`. There is
/// no `usage`: no model tells one.
[[nodiscard]] model_reply offline_reply(const model_request& request);

/// A text in word-sized pieces for streaming, each of up to 64 bytes and never empty; together they
/// are the text. Well-formed UTF-8 is never split within a character.
[[nodiscard]] std::vector<std::string> offline_deltas(const std::string& text);

}  // namespace perin
