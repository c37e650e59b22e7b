#pragma once

#include "domain/result.hpp"

#include <caf/error.hpp>

#include <exception>
#include <string>
#include <string_view>

/// Why an actor ended, as an operator may read it, and what a requester makes of it.
namespace perin::runtime {

/// A line of at most 160 octets of what an exception or a service said. What stands in quotation
/// marks, in an address's user part and query, and what looks like a token is left out: it may be
/// what somebody wrote, or a secret.
[[nodiscard]] std::string short_reason(std::string_view text);

/// The reason of an actor that ends with what was thrown: never empty, never an exit without error.
[[nodiscard]] caf::error thrown_reason(const std::exception_ptr& thrown);

/// An end that nobody needs to make good: normal, or as it was asked to.
[[nodiscard]] bool ended_well(const caf::error& reason) noexcept;

/// The reason in words, for `lastError`.
[[nodiscard]] std::string reason_text(const caf::error& reason);

/// What a requester tells in place of the answer that it did not get. `whom` is who was asked, such
/// as "the store". `internal` where it failed over this very request, else `unavailable`.
[[nodiscard]] failure failure_of(const caf::error& reason, std::string_view whom);

}  // namespace perin::runtime
