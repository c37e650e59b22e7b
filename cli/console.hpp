#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace perin::cli {

/// Where a command reads from and writes to.
class console {
  public:
    virtual ~console() = default;

    /// For what was asked for.
    [[nodiscard]] virtual std::ostream& out() = 0;
    /// For questions and complaints.
    [[nodiscard]] virtual std::ostream& err() = 0;
    /// Whether a person is there to be asked.
    [[nodiscard]] virtual bool interactive() = 0;
    /// The next line without its end; nothing where there is none. At most 64 KiB of it.
    [[nodiscard]] virtual std::optional<std::string> line() = 0;
    /// The same without showing what is typed.
    [[nodiscard]] virtual std::optional<std::string> hidden_line() = 0;
};

/// Standard input, output and error.
class system_console final : public console {
  public:
    [[nodiscard]] std::ostream& out() override;
    [[nodiscard]] std::ostream& err() override;
    [[nodiscard]] bool interactive() override;
    [[nodiscard]] std::optional<std::string> line() override;
    [[nodiscard]] std::optional<std::string> hidden_line() override;
};

/// A new password: asked for twice where a person is there, else the next line. Nothing where there
/// is none or the two differ, which it then says.
[[nodiscard]] std::optional<std::string> ask_new_password(console& at);

/// Whether the answer to `question` is yes; nothing where there is no answer.
[[nodiscard]] std::optional<bool> ask(console& at, std::string_view question);

}  // namespace perin::cli
