#include "cli/account_commands.hpp"

#include "cli/account_json.hpp"
#include "cli/lifetime.hpp"
#include "cli/table.hpp"
#include "domain/account_rules.hpp"
#include "domain/text.hpp"

#include <algorithm>
#include <ostream>
#include <utility>
#include <variant>

namespace perin::cli {

namespace {

using nlohmann::json;

/// Prints the items as JSON or as a table.
template <class Item, class Row>
void print(const account_context& with, const std::vector<Item>& items,
           std::vector<std::string> head, Row row_of) {
    if (with.json) {
        auto all = json::array();
        for (const auto& item : items) all.push_back(json_of(item));
        with.at.out() << json{{"items", std::move(all)}}.dump() << '\n';
        return;
    }
    if (items.empty()) return;
    table rows{std::move(head)};
    for (const auto& item : items) rows.push_back(row_of(item));
    cli::print(with.at.out(), rows);
}

/// A password that may be set, from the console; or the exit code, after a complaint.
std::variant<std::string, exit_code> new_password(const account_context& with) {
    auto password = ask_new_password(with.at);
    if (!password) return exit_code::usage;
    if (const auto fit = check_password(*password); !fit) {
        return complain(with.at, {fit.error().code, "the password " + fit.error().detail});
    }
    return std::move(*password);
}

/// Says what was done: as JSON `answer`, else `text`.
exit_code say(const account_context& with, const json& answer, const std::string& text) {
    with.at.out() << (with.json ? answer.dump() : text) << '\n';
    return exit_code::done;
}

std::string or_dash(const std::optional<timestamp>& at, const char* otherwise) {
    return at ? to_rfc3339(*at) : otherwise;
}

}  // namespace

exit_code complain(console& at, const failure& why) {
    // The pointer of a field is its name with a slash before it.
    const auto field = why.pointer.empty() ? "" : why.pointer.substr(1) + ": ";
    at.err() << "perin: " << field << why.detail << '\n';
    return exit_code_of(why);
}

exit_code run(const user_add& wanted, const account_context& with) {
    const auto given = new_password(with);
    if (const auto* code = std::get_if<exit_code>(&given)) return *code;
    const auto& password = std::get<std::string>(given);
    const auto name = wanted.name.value_or(wanted.email.substr(0, wanted.email.find('@')));
    const auto added = with.accounts.add({.email = wanted.email,
                                          .name = name,
                                          .timezone = wanted.timezone,
                                          .admin = wanted.admin,
                                          .password = password});
    if (!added) return complain(with.at, added.error());
    return say(with, json_of(*added), "added " + added->email);
}

exit_code run(const user_list& /*wanted*/, const account_context& with) {
    const auto users = with.accounts.users();
    if (!users) return complain(with.at, users.error());
    print(with, *users, {"EMAIL", "NAME", "TIMEZONE", "ADMIN", "CREATED"}, [](const user& each) {
        return std::vector<std::string>{each.email, each.name, each.timezone,
                                        each.admin ? "yes" : "no", to_rfc3339(each.created_at)};
    });
    return exit_code::done;
}

exit_code run(const user_passwd& wanted, const account_context& with) {
    const auto given = new_password(with);
    if (const auto* code = std::get_if<exit_code>(&given)) return *code;
    const auto& password = std::get<std::string>(given);
    const auto changed = with.accounts.change_password(wanted.email, password);
    if (!changed) return complain(with.at, changed.error());
    return say(with, {{"email", wanted.email}}, "changed the password of " + wanted.email);
}

exit_code run(const user_remove& wanted, const account_context& with) {
    if (!with.yes) {
        const auto sure = ask(with.at, "Remove " + wanted.email + " and all that is theirs?");
        if (!sure) {
            with.at.err() << "\nperin: nobody is there to be asked; add --yes\n";
            return exit_code::usage;
        }
        if (!*sure) {
            with.at.err() << "perin: nothing was removed\n";
            return exit_code::failed;
        }
    }
    const auto removed = with.accounts.remove(wanted.email);
    if (!removed) return complain(with.at, removed.error());
    return say(with, {{"email", wanted.email}}, "removed " + wanted.email);
}

exit_code run(const token_create& wanted, const account_context& with) {
    const auto expires = expiry_of(wanted.expires, with.now);
    if (!expires) {
        auto why = expires.error();
        why.detail = "--expires: " + why.detail;
        return complain(with.at, why);
    }
    const auto made = with.accounts.create_token(
        {.email = wanted.email, .label = wanted.label, .expires_at = *expires});
    if (!made) return complain(with.at, made.error());
    return say(with, json_of(*made), made->text);
}

exit_code run(const token_list& wanted, const account_context& with) {
    const auto tokens = with.accounts.tokens(wanted.email);
    if (!tokens) return complain(with.at, tokens.error());
    print(with, *tokens, {"ID", "KIND", "CREATED", "EXPIRES", "LAST USED", "LABEL"},
          [](const access_token& each) {
              return std::vector<std::string>{each.id,
                                              to_string(each.kind),
                                              to_rfc3339(each.created_at),
                                              or_dash(each.expires_at, "never"),
                                              or_dash(each.last_used_at, "-"),
                                              each.label};
          });
    return exit_code::done;
}

exit_code run(const token_revoke& wanted, const account_context& with) {
    const auto revoked = with.accounts.revoke_token(wanted.id);
    if (!revoked) return complain(with.at, revoked.error());
    return say(with, {{"id", wanted.id}}, "revoked " + wanted.id);
}

}  // namespace perin::cli
