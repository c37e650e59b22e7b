#include "domain/booking.hpp"

namespace perin {

std::string_view to_string(booking_state state) noexcept {
    switch (state) {
        case booking_state::held:
            return "held";
        case booking_state::awaiting_approval:
            return "awaiting_approval";
        case booking_state::booked:
            return "booked";
        case booking_state::declined:
            return "declined";
        case booking_state::cancelled:
            return "cancelled";
        case booking_state::expired:
            return "expired";
    }
    return {};
}

bool is_active(booking_state state) noexcept {
    return state == booking_state::held || state == booking_state::awaiting_approval ||
           state == booking_state::booked;
}

}  // namespace perin
