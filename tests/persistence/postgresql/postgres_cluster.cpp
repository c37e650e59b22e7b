#include "tests/persistence/postgresql/postgres_cluster.hpp"

#include "persistence/migrations.hpp"
#include "persistence/postgresql/postgresql_database.hpp"
#include "tests/persistence/test_store.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace perin::persistence::test {

namespace {

/// From the last test to the end of the shared server: longer than a room's tests take that need
/// none.
constexpr const char* linger = "20";
constexpr int patience = 60'000;  // ms

struct pipe_ends {
    int read = -1;
    int write = -1;
};

pipe_ends make_pipe() {
    std::array<int, 2> ends = {};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return {ends[0], ends[1]};
}

void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
}

/// Starts the script apart from this process and its terminal, so that it outlives them.
void run_script(const std::filesystem::path& folder, const char* lasting, int input, int output) {
    const std::string script = PERIN_SOURCE_DIR "/tests/persistence/postgresql/cluster";
    std::vector<const char*> words = {"setsid", "--fork", script.c_str(), folder.c_str()};
    if (lasting != nullptr) words.push_back(lasting);
    words.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (input >= 0) {
        ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    } else {
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    pid_t child = -1;
    const int failed = ::posix_spawnp(&child, "setsid", &actions, nullptr,
                                      const_cast<char* const*>(words.data()), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed != 0 || ::waitpid(child, &status, 0) != child) {
        throw std::runtime_error("the script of the PostgreSQL server cannot be run");
    }
}

/// A line without its end.
std::string read_line(int from) {
    std::string line;
    pollfd waited = {.fd = from, .events = POLLIN, .revents = 0};
    for (char each = 0; ::poll(&waited, 1, patience) > 0 && ::read(from, &each, 1) == 1;) {
        if (each == '\n') return line;
        line += each;
    }
    throw std::runtime_error("the PostgreSQL server does not answer: " + line);
}

std::uint16_t port_in(const std::string& line) {
    constexpr std::string_view word = "ready ";
    if (!line.starts_with(word)) throw std::runtime_error(line);
    return static_cast<std::uint16_t>(std::stoi(line.substr(word.size())));
}

int open_lock(const std::filesystem::path& path) {
    return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

bool is_at(int file, const std::filesystem::path& path) {
    struct stat opened = {};
    struct stat there = {};
    return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
           opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
}

/// Whether somebody else holds a lock on it.
bool is_held(const std::filesystem::path& path) {
    int file = open_lock(path);
    const bool held = ::flock(file, LOCK_EX | LOCK_NB) != 0;
    close_end(file);
    return held;
}

std::unique_ptr<database> connect_as_owner(const postgres_cluster& to) {
    auto opened = open_postgresql(to.url("postgres", "postgres"), postgresql_mode::read_write);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
}

/// Of a build's own: several may use the server at once.
std::string name_of_template() {
    std::size_t sum = 0;
    for (const migration& step : known_migrations()) {
        for (const auto sql : step.statements) sum = sum * 31 + std::hash<std::string_view>()(sql);
    }
    return "migrated_" + std::to_string(sum);
}

void make_template(const postgres_cluster& on, const std::string& name) {
    const auto owner = connect_as_owner(on);
    const auto run = [&](const std::string& sql) {
        auto answer = owner->execute(sql);
        if (!answer) throw std::runtime_error(answer.error().detail);
        return std::move(*answer);
    };
    if (!run("SELECT 1 FROM pg_database WHERE datname = '" + name + "'").empty()) return;
    const std::string unready = name + "_" + std::to_string(::getpid());
    run("CREATE DATABASE " + unready + " TEMPLATE template0 OWNER perin");
    {
        auto opened = open_postgresql(on.url(unready), postgresql_mode::read_write);
        const auto ran = opened ? migrate(**opened, at(0)) : result<int>(opened.error());
        if (!ran) throw std::runtime_error(ran.error().detail);
    }
    // The server may not have seen the end of that connection yet.
    run("ALTER DATABASE " + unready + " WITH ALLOW_CONNECTIONS false");
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + unready + "'");
    for (int tries = 0;; ++tries) {
        const auto renamed = owner->execute("ALTER DATABASE " + unready + " RENAME TO " + name);
        if (renamed) return;
        if (tries == 100) throw std::runtime_error(renamed.error().detail);
    }
}

}  // namespace

const std::string& migrated_template() {
    static const std::string name = [] {
        const auto& on = postgres_cluster::shared();
        int lock = open_lock(on.folder() / "template");
        ::flock(lock, LOCK_EX);
        auto made = name_of_template();
        make_template(on, made);
        close_end(lock);
        return made;
    }();
    return name;
}

const postgres_cluster& postgres_cluster::shared() {
    static const postgres_cluster one{in_common()};
    return one;
}

postgres_cluster::postgres_cluster(in_common)
    : folder_(std::filesystem::temp_directory_path() /
              ("perin-test-postgresql-" + std::to_string(::getuid()))) {
    const auto users = folder_ / "users";
    for (;;) {
        std::filesystem::create_directory(folder_);
        lock_ = open_lock(users);
        int starting = open_lock(folder_ / "start");
        // Waits where the server is on its way out, and then finds that the folder is another.
        const bool locked = lock_ >= 0 && starting >= 0 && ::flock(lock_, LOCK_SH) == 0 &&
                            ::flock(starting, LOCK_EX) == 0 && is_at(lock_, users);
        if (locked && !is_held(folder_ / "guard")) {
            pipe_ends answers = make_pipe();
            run_script(folder_, linger, -1, answers.write);
            close_end(answers.write);
            const std::string line = read_line(answers.read);
            close_end(answers.read);
            port_in(line);
        }
        close_end(starting);
        if (locked) break;
        close_end(lock_);
    }
    int port = 0;
    std::ifstream(folder_ / "port") >> port;
    if (port == 0) throw std::runtime_error("the shared PostgreSQL server is not there");
    port_ = static_cast<std::uint16_t>(port);
}

postgres_cluster::postgres_cluster() {
    std::string name = (std::filesystem::temp_directory_path() / "perin-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    pipe_ends commands = make_pipe();
    pipe_ends answers = make_pipe();
    commands_ = commands.write;
    answers_ = answers.read;
    run_script(folder_, nullptr, commands.read, answers.write);
    close_end(commands.read);
    close_end(answers.write);
    port_ = port_in(read_line(answers_));
}

postgres_cluster::~postgres_cluster() {
    close_end(commands_);
    // The script ends with its input, and closes its output when all is gone.
    if (answers_ >= 0) {
        pollfd waited = {.fd = answers_, .events = POLLIN, .revents = 0};
        ::poll(&waited, 1, patience);
    }
    close_end(answers_);
    close_end(lock_);
}

std::string postgres_cluster::url(const std::string& database, const std::string& user) const {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string postgres_cluster::socket_url(const std::string& database,
                                         const std::string& user) const {
    return "postgresql://" + user + "@/" + database + "?host=" + folder_.string() +
           "&port=" + std::to_string(port_);
}

void postgres_cluster::stop_immediate() {
    if (::write(commands_, "stop\n", 5) != 5 || read_line(answers_) != "stopped") {
        throw std::runtime_error("the PostgreSQL server does not stop");
    }
}

void postgres_cluster::start() {
    if (::write(commands_, "start\n", 6) != 6 || port_in(read_line(answers_)) != port_) {
        throw std::runtime_error("the PostgreSQL server does not start again");
    }
}

postgres_test_database::postgres_test_database(const postgres_cluster& on,
                                               const std::string& copied_from)
    : on_(on) {
    static int count = 0;
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count) + "_" +
            std::to_string(now);
    const auto made = connect_as_owner(on_)->execute("CREATE DATABASE " + name_ + " TEMPLATE " +
                                                     copied_from + " OWNER perin");
    if (!made) throw std::runtime_error(made.error().detail);
}

postgres_test_database::~postgres_test_database() {
    try {
        // Fails where the test has stopped the server, which then takes it along.
        static_cast<void>(
            connect_as_owner(on_)->execute("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)"));
    } catch (const std::exception&) {
    }
}

}  // namespace perin::persistence::test
