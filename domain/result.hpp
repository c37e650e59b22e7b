#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace perin {

/// What went wrong, in the vocabulary of the wire protocol. Each has one HTTP status
/// (`net/front/problem.hpp`) and one name (`to_string`).
enum class error_code {
    invalid_request,
    unauthenticated,
    forbidden,
    not_found,
    method_not_allowed,
    request_timeout,
    conflict,
    gone,
    too_large,
    unsupported_media_type,
    upgrade_required,
    rate_limited,
    headers_too_large,
    internal,
    upstream_failed,
    unavailable,
    upstream_timeout,
};

/// The protocol's name of a code, such as `invalid_request`.
[[nodiscard]] const char* to_string(error_code code) noexcept;

/// The code of a protocol name; nothing for an unknown name.
[[nodiscard]] std::optional<error_code> error_code_of(const std::string& name);

/// An error as a value. `detail` is shown to the caller: no secret, query or path belongs in it.
///
/// Not an aggregate: g++ 12 copies an aggregate that is made within an expression with `co_await`
/// bit by bit, and both copies then free its strings.
struct failure {
    failure() = default;
    failure(error_code why, std::string says, std::string at_pointer = {},
            std::string at_parameter = {},
            std::optional<std::chrono::milliseconds> retry_in = std::nullopt)
        : code(why),
          detail(std::move(says)),
          pointer(std::move(at_pointer)),
          parameter(std::move(at_parameter)),
          retry_after(retry_in) {}

    error_code code = error_code::internal;
    std::string detail;
    /// JSON Pointer into the request's body, empty where none applies.
    std::string pointer;
    /// Name of the query parameter at fault, empty where none applies.
    std::string parameter;
    std::optional<std::chrono::milliseconds> retry_after;

    friend bool operator==(const failure&, const failure&) = default;
};

/// A value or a failure. `value()` on a failure is a programming error and throws
/// `std::bad_variant_access`.
template <class T>
class [[nodiscard]] result {
  public:
    using value_type = T;

    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    result(failure why) : state_(std::in_place_index<1>, std::move(why)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return std::get<0>(state_); }
    [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const failure& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, failure> state_;
};

template <>
class [[nodiscard]] result<void> {
  public:
    using value_type = void;

    result() = default;
    result(failure why) : why_(std::move(why)) {}

    [[nodiscard]] bool has_value() const noexcept { return !why_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const failure& error() const { return why_.value(); }

  private:
    std::optional<failure> why_;
};

}  // namespace perin
