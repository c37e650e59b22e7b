#pragma once

#include <caf/typed_response_promise.hpp>

#include <utility>

namespace perin::actors {

/// Answers a promise of an actor whose replies are our `result<T>`: with a value or a failure.
template <class Reply, class Value>
void fulfil(caf::typed_response_promise<Reply> promise, Value&& value) {
    promise.deliver(Reply{std::forward<Value>(value)});
}

}  // namespace perin::actors
