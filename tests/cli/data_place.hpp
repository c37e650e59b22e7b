#pragma once

#include "cli/database_location.hpp"
#include "cli/operator_context.hpp"
#include "persistence/migrations.hpp"
#include "tests/cli/scripted_console.hpp"
#include "tests/cli/temporary_folder.hpp"
#include "tests/persistence/filled_store.hpp"
#include "tests/persistence/test_store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace perin::cli {

/// A data folder, and a configuration whose data are in it or in a PostgreSQL database.
class data_place {
  public:
    explicit data_place(const std::string& driver) {
        configuration.data = folder.path() / "data";
        std::filesystem::create_directory(configuration.data);
        if (driver == "sqlite") return;
        server_.emplace(driver);
        configuration.database_url = server_->location().url;
    }

    [[nodiscard]] std::unique_ptr<persistence::database> open() const {
        auto opened = persistence::open_database(location_of(configuration));
        if (!opened) FAIL(opened.error().detail);
        return std::move(*opened);
    }

    /// Makes the schema and puts rows into every table.
    void fill() const {
        const auto on = open();
        REQUIRE(persistence::migrate(*on, persistence::test::at(0)));
        persistence::test::fill(*on);
    }

    /// The e-mails of all users, one after the other.
    [[nodiscard]] std::string users() const {
        const auto on = open();
        const auto all = on->execute("SELECT email FROM users ORDER BY id");
        if (!all) return all.error().detail;
        std::string text;
        for (const auto& each : *all) text += (text.empty() ? "" : " ") + each.text(0);
        return text;
    }

    void add_user(const std::string& name) const {
        REQUIRE(
            open()->execute("INSERT INTO users (id, email, name, timezone, admin, "
                            "password_hash, created_at) VALUES ($1, $2, '', 'UTC', 0, '', 1)",
                            {"usr_" + name, name + "@example.com"}));
    }

    template <class Command>
    exit_code run(const Command& wanted, scripted_console& at, bool yes = false,
                  bool json = false) const {
        return cli::run(wanted, operator_context{.configuration = configuration,
                                                 .at = at,
                                                 .now = persistence::test::at(1),
                                                 .json = json,
                                                 .yes = yes});
    }

    /// Runs it where nobody is to be asked, and everything is to be done.
    template <class Command>
    exit_code run(const Command& wanted) const {
        scripted_console at;
        const auto code = run(wanted, at, true);
        UNSCOPED_INFO(at.complained());
        return code;
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder.path() / name).string();
    }

    /// Of the data folder.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator(configuration.data)) {
            names.push_back(each.path().filename());
        }
        std::ranges::sort(names);
        return names;
    }

    temporary_folder folder;
    runtime::configuration configuration;

  private:
    std::optional<persistence::test::test_store> server_;
};

/// Runs `what` in a process of its own; the signal that ended it, or nothing.
template <class Do>
int signal_of(const Do& what) {
    const pid_t child = ::fork();
    if (child == 0) {
        what();
        ::_exit(0);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace perin::cli
