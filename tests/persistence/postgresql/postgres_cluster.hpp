#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace perin::persistence::test {

/// A real PostgreSQL server for tests, with a folder, a port of 127.0.0.1 and a socket of its own.
/// It is stopped, and all of it removed, when the tests are through with it, even if they are
/// killed; the script `cluster` beside this file sees to it. Its users are `postgres`, who may do
/// everything, `perin`, who owns the databases of tests, `secured`, whose password is `right`, and
/// `guest`, who has no rights; but for `secured` nobody needs a password.
class postgres_cluster {
  public:
    /// One for all tests of this machine's user, in whatever program: the first one starts it,
    /// which takes a second or two. It ends some seconds after the last one. Do not stop it.
    [[nodiscard]] static const postgres_cluster& shared();

    /// One of its own, which a test may stop. It is as durable as PostgreSQL is by default.
    postgres_cluster();
    postgres_cluster(const postgres_cluster&) = delete;
    postgres_cluster& operator=(const postgres_cluster&) = delete;
    ~postgres_cluster();

    /// `user` may be followed by `:` and a password.
    [[nodiscard]] std::string url(const std::string& database,
                                  const std::string& user = "perin") const;
    /// The same through the socket.
    [[nodiscard]] std::string socket_url(const std::string& database,
                                         const std::string& user = "perin") const;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// With `data` and `log` in it.
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

    /// As a crash does: nothing is written out, and nobody is told.
    void stop_immediate();
    /// On the same port, with what survived.
    void start();

  private:
    struct in_common {};
    explicit postgres_cluster(in_common);

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    /// Pipes to and from the script of an own one; the lock of the shared one.
    int commands_ = -1;
    int answers_ = -1;
    int lock_ = -1;
};

/// A database that is owned by `perin` and goes with the object. Empty, or a copy of another one
/// that nobody is connected to.
class postgres_test_database {
  public:
    explicit postgres_test_database(const postgres_cluster& on = postgres_cluster::shared(),
                                    const std::string& copied_from = "template0");
    postgres_test_database(const postgres_test_database&) = delete;
    postgres_test_database& operator=(const postgres_test_database&) = delete;
    ~postgres_test_database();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::string url(const std::string& user = "perin") const {
        return on_.url(name_, user);
    }

  private:
    const postgres_cluster& on_;
    std::string name_;
};

/// The name of a database of the shared server in which every migration of this program has run, at
/// time `at(0)`: made by the first test that asks. To copy it takes a fifth of the time.
[[nodiscard]] const std::string& migrated_template();

}  // namespace perin::persistence::test
