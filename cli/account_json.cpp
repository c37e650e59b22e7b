#include "cli/account_json.hpp"

#include "domain/time.hpp"

namespace perin::cli {

namespace {

using nlohmann::json;

json time_json(const std::optional<timestamp>& at) { return at ? json(to_rfc3339(*at)) : json(); }

/// Reads the fields of an answer; an answer of another shape is not ours.
class answer_reader {
  public:
    explicit answer_reader(const json& answer) : answer_(answer) {}

    std::string text(const char* name) {
        const auto* found = field(name);
        if (found && found->is_string()) return found->get<std::string>();
        fits_ = false;
        return {};
    }

    bool flag(const char* name) {
        const auto* found = field(name);
        if (found && found->is_boolean()) return found->get<bool>();
        fits_ = false;
        return false;
    }

    /// Nothing for null.
    std::optional<timestamp> time(const char* name) {
        const auto* found = field(name);
        if (!found || found->is_null()) return {};
        const auto at = found->is_string() ? from_rfc3339(found->get<std::string>()) : std::nullopt;
        fits_ = fits_ && at.has_value();
        return at;
    }

    timestamp required_time(const char* name) {
        const auto at = time(name);
        fits_ = fits_ && at.has_value();
        return at.value_or(timestamp());
    }

    token_kind kind(const char* name) {
        const auto word = text(name);
        for (const auto each : {token_kind::session, token_kind::api, token_kind::login}) {
            if (word == to_string(each)) return each;
        }
        fits_ = false;
        return token_kind::api;
    }

    template <class Value>
    [[nodiscard]] result<Value> finish(Value value) const {
        if (fits_) return value;
        return failure{error_code::internal, "the server's answer cannot be read"};
    }

  private:
    [[nodiscard]] const json* field(const char* name) const {
        if (!answer_.is_object()) return nullptr;
        const auto found = answer_.find(name);
        return found == answer_.end() ? nullptr : &*found;
    }

    const json& answer_;
    bool fits_ = true;
};

}  // namespace

const char* to_string(token_kind kind) noexcept {
    switch (kind) {
        case token_kind::session:
            return "session";
        case token_kind::api:
            return "api";
        case token_kind::login:
            return "login";
    }
    return "api";
}

json json_of(const user& account) {
    return {{"id", account.id},       {"email", account.email},
            {"name", account.name},   {"timezone", account.timezone},
            {"admin", account.admin}, {"createdAt", to_rfc3339(account.created_at)}};
}

result<user> user_of(const json& answer) {
    answer_reader read(answer);
    user account;
    account.id = read.text("id");
    account.email = read.text("email");
    account.name = read.text("name");
    account.timezone = read.text("timezone");
    account.admin = read.flag("admin");
    account.created_at = read.required_time("createdAt");
    return read.finish(std::move(account));
}

json json_of(const access_token& token) {
    return {{"id", token.id},
            {"kind", to_string(token.kind)},
            {"label", token.label},
            {"createdAt", to_rfc3339(token.created_at)},
            {"expiresAt", time_json(token.expires_at)},
            {"lastUsedAt", time_json(token.last_used_at)}};
}

result<access_token> token_of(const json& answer) {
    answer_reader read(answer);
    access_token token;
    token.id = read.text("id");
    token.kind = read.kind("kind");
    token.label = read.text("label");
    token.created_at = read.required_time("createdAt");
    token.expires_at = read.time("expiresAt");
    token.last_used_at = read.time("lastUsedAt");
    return read.finish(std::move(token));
}

json json_of(const made_token& made) {
    return {{"id", made.token.id},
            {"token", made.text},
            {"label", made.token.label},
            {"createdAt", to_rfc3339(made.token.created_at)},
            {"expiresAt", time_json(made.token.expires_at)}};
}

result<made_token> made_token_of(const json& answer) {
    answer_reader read(answer);
    made_token made;
    made.token.id = read.text("id");
    made.text = read.text("token");
    made.token.label = read.text("label");
    made.token.created_at = read.required_time("createdAt");
    made.token.expires_at = read.time("expiresAt");
    return read.finish(std::move(made));
}

}  // namespace perin::cli
