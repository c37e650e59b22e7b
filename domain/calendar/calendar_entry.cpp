#include "domain/calendar/calendar_entry.hpp"

#include "domain/meant_time.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <string_view>

namespace perin::calendar {

namespace {

using nlohmann::json;

constexpr std::array statuses{"confirmed", "tentative", "cancelled"};

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

/// Reads the members of an object; what is missing or of another type makes it no entry.
class members {
  public:
    explicit members(const json& of) : of_(of) {}

    std::string text(const char* name) {
        const auto* one = find(name);
        if (one == nullptr || !one->is_string()) return fail(), std::string();
        return one->get<std::string>();
    }

    /// Empty where it is null.
    std::string optional_text(const char* name) {
        const auto* one = find(name);
        return one == nullptr || one->is_null() ? std::string() : text(name);
    }

    bool flag(const char* name) {
        const auto* one = find(name);
        if (one == nullptr || !one->is_boolean()) return fail(), false;
        return one->get<bool>();
    }

    timestamp time(const char* name) {
        const auto read = from_rfc3339(text(name));
        if (!read) fail();
        return read.value_or(timestamp{});
    }

    event_status status(const char* name) {
        const auto word = text(name);
        for (std::size_t i = 0; i < statuses.size(); ++i)
            if (word == statuses[i]) return static_cast<event_status>(i);
        fail();
        return {};
    }

    [[nodiscard]] bool whole() const { return whole_; }

  private:
    [[nodiscard]] const json* find(const char* name) const {
        const auto found = of_.find(name);
        return found == of_.end() ? nullptr : &*found;
    }
    void fail() { whole_ = false; }

    const json& of_;
    bool whole_ = true;
};

}  // namespace

json to_json(const calendar_entry& entry) {
    return {{"id", entry.id},
            {"title", entry.title},
            {"start", to_rfc3339(entry.starts_at)},
            {"end", to_rfc3339(entry.ends_at)},
            {"allDay", entry.all_day},
            {"busy", entry.busy},
            {"status", statuses[static_cast<std::size_t>(entry.status)]},
            {"location", text_or_null(entry.location)},
            {"description", text_or_null(entry.description)},
            {"recurrenceId", entry.recurrence_id ? json(*entry.recurrence_id) : json()}};
}

json to_json(const calendar_entry& entry, const std::string& timezone) {
    auto out = to_json(entry);
    out["startLocal"] = to_rfc3339(entry.starts_at, timezone);
    out["endLocal"] = to_rfc3339(entry.ends_at, timezone);
    return out;
}

json slot_json(const scheduling::interval& slot, const std::string& timezone) {
    return {{"start", to_rfc3339(slot.start)},
            {"end", to_rfc3339(slot.end)},
            {"startLocal", to_rfc3339(slot.start, timezone)},
            {"endLocal", to_rfc3339(slot.end, timezone)}};
}

std::optional<calendar_entry> entry_of(const json& written) {
    if (!written.is_object()) return std::nullopt;
    members from(written);
    calendar_entry out;
    out.id = from.text("id");
    out.title = from.text("title");
    out.location = from.optional_text("location");
    out.description = from.optional_text("description");
    out.starts_at = from.time("start");
    out.ends_at = from.time("end");
    out.all_day = from.flag("allDay");
    out.busy = from.flag("busy");
    out.status = from.status("status");
    if (auto which = from.optional_text("recurrenceId"); !which.empty())
        out.recurrence_id = std::move(which);
    if (!from.whole()) return std::nullopt;
    return out;
}

}  // namespace perin::calendar
