#pragma once

#include "domain/calendar/calendar_entry.hpp"
#include "domain/scheduling/interval.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace perin {

/// The entries, of those given, that somebody may mean by `words` ("the dentist", "my lunch with
/// Anna"), in their order: those whose title has all of the words that say something, or, where
/// nothing but "my meeting" is said, all. `within`: only what takes place in it. A title that is
/// exactly the words leaves out the others.
[[nodiscard]] std::vector<calendar::calendar_entry> entries_meant(
    std::span<const calendar::calendar_entry> among, std::string_view words,
    const std::optional<scheduling::interval>& within);

/// Whether the words tell which of the events is meant: "my meeting" and "all meetings" do not,
/// unless it is called so.
[[nodiscard]] bool names_event(std::string_view words, std::string_view title);

}  // namespace perin
