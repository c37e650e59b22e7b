#pragma once

#include "cli/console.hpp"

#include <deque>
#include <sstream>

namespace perin::cli {

/// A console whose lines were written beforehand.
class scripted_console final : public console {
  public:
    explicit scripted_console(std::deque<std::string> lines = {}, bool person = false)
        : lines_(std::move(lines)), person_(person) {}

    std::ostream& out() override { return out_; }
    std::ostream& err() override { return err_; }
    bool interactive() override { return person_; }

    std::optional<std::string> line() override {
        if (lines_.empty()) return {};
        auto next = lines_.front();
        lines_.pop_front();
        return next;
    }

    std::optional<std::string> hidden_line() override { return line(); }

    [[nodiscard]] std::string said() const { return out_.str(); }
    [[nodiscard]] std::string complained() const { return err_.str(); }

  private:
    std::deque<std::string> lines_;
    bool person_;
    std::ostringstream out_;
    std::ostringstream err_;
};

}  // namespace perin::cli
