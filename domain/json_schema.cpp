#include "domain/json_schema.hpp"

#include "domain/json.hpp"

// Without it the library ends the program where a schema is malformed.
#define VALIJSON_USE_EXCEPTIONS 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perin {

namespace {

using nlohmann::json;

constexpr std::size_t most_depth = 64;

/// The validator and the schema's parser recurse, so what they are given is bounded first.
bool too_deep(const json& value, std::size_t levels) {
    if (!value.is_structured()) return false;
    if (levels == 0) return true;
    return std::any_of(value.begin(), value.end(),
                       [&](const json& child) { return too_deep(child, levels - 1); });
}

/// The library takes `30.0` for no integer; models write it.
void whole_numbers_to_integers(json& value) {
    if (value.is_structured()) {
        for (auto& child : value) whole_numbers_to_integers(child);
    } else if (value.is_number_float()) {
        const auto number = value.get<double>();
        if (std::trunc(number) == number && std::abs(number) < 9007199254740992.0)
            value = static_cast<std::int64_t>(number);
    }
}

/// Keywords whose values are no schemas, whatever they look like.
bool holds_plain_values(std::string_view keyword) {
    return keyword == "enum" || keyword == "const" || keyword == "default" || keyword == "examples";
}

void bound_length(json& schema, std::size_t most) {
    const auto found = schema.find("maxLength");
    if (found != schema.end() && found->is_number_unsigned() && *found <= most) return;
    schema["maxLength"] = most;
}

/// Takes out what is checked with `std::regex`, which recurses once a character and would run out
/// of stack on a long text, and bounds the length of such texts instead. Returns whether there was
/// any.
bool bound_instead_of_regex(json& schema) {
    if (schema.is_array()) {
        bool any = false;
        for (auto& item : schema) any = bound_instead_of_regex(item) || any;
        return any;
    }
    if (!schema.is_object()) return false;
    bool any = false;
    // A property may bear the name of a keyword; then its value is a schema, no string.
    const auto has_text = [&](const char* keyword) {
        const auto found = schema.find(keyword);
        return found != schema.end() && found->is_string();
    };
    for (const auto& [name, child] : schema.items())
        if (!holds_plain_values(name)) any = bound_instead_of_regex(child) || any;
    if (has_text("format")) {
        schema.erase("format");
        bound_length(schema, 256);
        any = true;
    }
    if (has_text("pattern")) {
        schema.erase("pattern");
        bound_length(schema, 1000);
        any = true;
    }
    return any;
}

/// The part of the schema that a reference names; null where it is none within the document.
const json* referred(const json& root, const json& reference) {
    if (!reference.is_string()) return nullptr;
    const auto& text = reference.get_ref<const std::string&>();
    if (!text.starts_with('#')) return nullptr;
    const json::json_pointer pointer(text.substr(1));
    return root.contains(pointer) ? &root.at(pointer) : nullptr;
}

/// Whether a schema comes back to itself without a step into the value, by references alone or
/// through alternatives: following it would never end. `path` are the parts on the way to `node`.
bool loops(const json& root, const json& node, std::vector<const json*>& path) {
    if (!node.is_object()) return false;
    if (std::find(path.begin(), path.end(), &node) != path.end()) return true;
    path.push_back(&node);
    bool found = false;
    if (const auto reference = node.find("$ref"); reference != node.end()) {
        const auto* const target = referred(root, *reference);
        found = target != nullptr && loops(root, *target, path);
    }
    for (const auto* keyword : {"allOf", "anyOf", "oneOf", "not", "if", "then", "else"}) {
        const auto same_place = node.find(keyword);
        if (found || same_place == node.end()) continue;
        if (same_place->is_array())
            found = std::any_of(same_place->begin(), same_place->end(),
                                [&](const json& one) { return loops(root, one, path); });
        else
            found = loops(root, *same_place, path);
    }
    path.pop_back();
    return found;
}

/// Whether a part of the schema is past what can be checked safely: a reference out of the document
/// or to nowhere, a loop, or patterns for property names, which would be matched at any length.
bool unsafe(const json& root, const json& node) {
    if (!node.is_structured()) return false;
    if (node.is_array())
        return std::any_of(node.begin(), node.end(),
                           [&](const json& item) { return unsafe(root, item); });
    const auto reference = node.find("$ref");
    if (reference != node.end() && reference->is_string() && !referred(root, *reference))
        return true;
    if (node.contains("patternProperties")) return true;
    if (std::vector<const json*> path; loops(root, node, path)) return true;
    for (const auto& [name, child] : node.items())
        if (!holds_plain_values(name) && unsafe(root, child)) return true;
    return false;
}

/// `["name"]` or `[3]`, as the library names a place.
std::string token_of(std::string_view place) {
    if (place.size() >= 4 && place.starts_with("[\"") && place.ends_with("\"]"))
        return std::string(place.substr(2, place.size() - 4));
    if (place.size() >= 2 && place.starts_with('[') && place.ends_with(']'))
        return std::string(place.substr(1, place.size() - 2));
    return std::string(place);
}

/// Where in the value an error lies, with the part of the schema that speaks of it, as far as it
/// can be followed through `properties` and `items`.
struct place {
    std::string pointer;
    /// Empty at the root.
    std::string name;
    const json* value = nullptr;
    const json* schema = nullptr;
};

const json* member(const json* of, const std::string& name) {
    if (of == nullptr || !of->is_object()) return nullptr;
    const auto found = of->find(name);
    return found == of->end() ? nullptr : &*found;
}

place locate(const json& schema, const json& value, const std::vector<std::string>& context) {
    place at{.pointer = "", .name = "", .value = &value, .schema = &schema};
    for (std::size_t i = 1; i < context.size(); ++i) {
        const auto token = token_of(context[i]);
        at.pointer = json_pointer(at.pointer, token);
        at.name = token;
        if (at.value != nullptr && at.value->is_array()) {
            const auto index = static_cast<std::size_t>(std::strtoull(token.c_str(), nullptr, 10));
            at.value = index < at.value->size() ? &(*at.value)[index] : nullptr;
            at.schema = member(at.schema, "items");
        } else {
            at.value = member(at.value, token);
            at.schema = member(member(at.schema, "properties"), token);
        }
    }
    return at;
}

std::string listed(const json& values) {
    if (!values.is_array()) return values.dump(-1, ' ', false, json::error_handler_t::replace);
    std::string out;
    for (const auto& value : values) {
        if (!out.empty()) out += ", ";
        out += value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    return out;
}

std::string type_words(const json& type) {
    if (type.is_array()) {
        std::string out;
        for (const auto& one : type) {
            if (!out.empty()) out += " or ";
            out += type_words(one);
        }
        return out;
    }
    if (type == "object" || type == "array" || type == "integer")
        return "an " + type.get<std::string>();
    if (type == "null") return "null";
    if (type == "boolean") return "true or false";
    return type.is_string() ? "a " + type.get<std::string>() : "of another type";
}

bool has_type(const json& value, const json& type) {
    if (type.is_array())
        return std::any_of(type.begin(), type.end(),
                           [&](const json& one) { return has_type(value, one); });
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == value.type_name();
}

/// A failure of the object itself: a property that is missing, or one that is not known.
std::optional<failure> property_at_fault(const place& at) {
    if (at.value == nullptr || !at.value->is_object() || at.schema == nullptr) return std::nullopt;
    if (const auto* required = member(at.schema, "required"); required && required->is_array()) {
        for (const auto& name : *required) {
            if (!name.is_string() || at.value->contains(name.get_ref<const std::string&>()))
                continue;
            const auto& missing = name.get_ref<const std::string&>();
            const auto* wanted = member(member(at.schema, "properties"), missing);
            const auto* type = member(wanted, "type");
            return failure{
                error_code::invalid_request,
                "`" + missing + "` is required" + (type != nullptr ? ": " + type_words(*type) : ""),
                json_pointer(at.pointer, missing)};
        }
    }
    const auto* more = member(at.schema, "additionalProperties");
    const auto* known = member(at.schema, "properties");
    if (more == nullptr || *more != false) return std::nullopt;
    for (const auto& [name, ignored] : at.value->items()) {
        if (member(known, name) != nullptr) continue;
        std::string names;
        if (known != nullptr && known->is_object())
            for (const auto& [allowed, schema] : known->items())
                names += (names.empty() ? "" : ", ") + allowed;
        return failure{error_code::invalid_request,
                       "`" + name + "` is not a known property" +
                           (names.empty() ? "" : "; known are: " + names),
                       json_pointer(at.pointer, name)};
    }
    return std::nullopt;
}

/// What the schema of the place asks for; empty where the library's words have to do.
std::string expectation(const place& at) {
    if (at.schema == nullptr || at.value == nullptr) return {};
    if (const auto* type = member(at.schema, "type"); type && !has_type(*at.value, *type))
        return "must be " + type_words(*type);
    if (const auto* values = member(at.schema, "enum");
        values && values->is_array() &&
        std::find(values->begin(), values->end(), *at.value) == values->end())
        return "must be one of " + listed(*values);
    if (const auto* constant = member(at.schema, "const"); constant && *constant != *at.value)
        return "must be " + listed(json::array({*constant}));
    const auto bound = [&](const char* keyword) -> std::string {
        const auto* limit = member(at.schema, keyword);
        return limit != nullptr ? limit->dump() : "";
    };
    if (at.value->is_number()) {
        if (const auto least = bound("minimum"), most = bound("maximum");
            !least.empty() && !most.empty())
            return "must be from " + least + " to " + most;
    }
    if (at.value->is_string()) {
        if (const auto* format = member(at.schema, "format"); format && format->is_string()) {
            const auto& name = format->get_ref<const std::string&>();
            if (name == "date-time") return "must be a date-time such as 2026-12-01T10:00:00Z";
            if (name == "date") return "must be a date such as 2026-12-01";
            if (name == "time") return "must be a time such as 10:00:00Z";
        }
        if (const auto pattern = bound("pattern"); !pattern.empty())
            return "must match the pattern " + pattern;
    }
    return {};
}

/// The library's sentence, in the form of ours.
std::string lowered(std::string text) {
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// The deepest error says most: those of the objects around it only follow from it.
failure explain(const json& schema, const json& value, const valijson::ValidationResults& errors) {
    const auto deepest = std::max_element(
        errors.begin(), errors.end(),
        [](const auto& a, const auto& b) { return a.context.size() < b.context.size(); });
    failure why{error_code::invalid_request, "does not fit the schema"};
    if (deepest == errors.end()) return why;
    const auto at = locate(schema, value, deepest->context);
    if (auto fault = property_at_fault(at)) return *std::move(fault);
    auto expected = expectation(at);
    if (expected.empty()) expected = lowered(deepest->description);
    why.detail = (at.name.empty() ? "" : "`" + at.name + "` ") + expected;
    why.pointer = at.pointer;
    return why;
}

result<void> checked(const json& schema, const json& value) {
    valijson::Schema compiled;
    valijson::SchemaParser parser;
    const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema);
    parser.populateSchema(schema_adapter, compiled);
    valijson::Validator validator;
    valijson::ValidationResults errors;
    const valijson::adapters::NlohmannJsonAdapter value_adapter(value);
    if (validator.validate(compiled, value_adapter, &errors)) return {};
    return explain(schema, value, errors);
}

failure bad_schema() { return {error_code::internal, "the schema cannot be used"}; }

}  // namespace

result<void> check_schema(const json& schema, const json& value) {
    try {
        if (!schema.is_object() || too_deep(schema, most_depth) || unsafe(schema, schema))
            return bad_schema();
        if (too_deep(value, most_depth))
            return failure{error_code::invalid_request, "is nested too deep"};
        auto whole = value;
        whole_numbers_to_integers(whole);
        auto bounded = schema;
        if (bound_instead_of_regex(bounded))
            if (auto fits = checked(bounded, whole); !fits) return fits;
        return checked(schema, whole);
    } catch (const std::exception&) {
        return bad_schema();
    }
}

}  // namespace perin
