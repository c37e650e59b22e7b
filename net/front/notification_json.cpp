#include "net/front/notification_json.hpp"

#include "domain/json.hpp"

namespace perin::net {

result<runtime::resolve_notification> read_decision(const nlohmann::json& body,
                                                    const char* id_field) {
    json_reader fields(body);
    runtime::resolve_notification out;
    if (id_field) out.id = fields.required_text(id_field, 1, 200);
    out.action = fields.required_text("action", 1, 200);
    if (fields.error()) return *fields.error();
    if (const auto data = body.find("data"); data != body.end()) out.data = *data;
    return out;
}

}  // namespace perin::net
