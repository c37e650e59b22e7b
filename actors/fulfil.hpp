#pragma once

#include "runtime/supervision/owed_reply.hpp"

#include <utility>

namespace perin::actors {

/// Answers with a value or a failure; who was asked may end before that and still answers.
template <class Reply, class Value>
void fulfil(const runtime::owed_reply<Reply>& owed, Value&& value) {
    owed.deliver(std::forward<Value>(value));
}

}  // namespace perin::actors
