#include "persistence/postgresql/postgresql_connection.hpp"

#include "persistence/postgresql/postgresql_error.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <exception>
#include <functional>
#include <libpq-fe.h>
#include <new>
#include <poll.h>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <sys/socket.h>
#include <unordered_map>
#include <utility>

#ifdef PERIN_SANITIZED
/// libpqxx 6.4 does not free the last answer of a connection that is lost: what would own it throws
/// before it does (`connection_base::make_result`).
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpq.so\n"; }
#endif

namespace perin::persistence {

namespace {

using std::chrono::steady_clock;

/// Looks up by `std::string_view` without making a string.
struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

/// More texts than the repositories have; those past it are run without being kept.
constexpr std::size_t most_statements = 256;

constexpr std::size_t sqlstate_size = 5;

/// Of the server that are looked at between two statements.
constexpr int most_notices = 8;

/// Every message of libpq's that comes from a server ends with two spaces and an SQLSTATE, since
/// `connect_once` asks for messages of no more than that. Empty where there is none.
std::string_view sqlstate_in(std::string_view message) {
    const auto end = message.find_last_not_of(" \n");
    if (end == std::string_view::npos) return {};
    message = message.substr(0, end + 1);
    if (message.size() < sqlstate_size + 2) return {};
    const auto found = message.substr(message.size() - sqlstate_size);
    if (message.substr(message.size() - sqlstate_size - 2, 2) != "  ") return {};
    const bool plausible = std::ranges::all_of(found, [](char each) {
        return (each >= '0' && each <= '9') || (each >= 'A' && each <= 'Z');
    });
    return plausible ? found : std::string_view();
}

struct finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};

/// Takes what a server says without being asked: `ends` becomes true where it ends the connection.
void take_notice(void* ends, const PGresult* notice) {
    const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const std::string_view word = severity == nullptr ? "" : severity;
    if (word == "FATAL" || word == "PANIC") *static_cast<bool*>(ends) = true;
}

/// Why no connection was made.
class not_connected : public std::exception {
  public:
    explicit not_connected(failure reason) : reason_(std::move(reason)) {}
    [[nodiscard]] const failure& reason() const noexcept { return reason_; }

  private:
    failure reason_;
};

failure connect_failure(PGconn* connection) {
    const std::string_view message = PQerrorMessage(connection);
    if (const auto sqlstate = sqlstate_in(message); !sqlstate.empty()) {
        return postgresql_failure(sqlstate);
    }
    if (PQconnectionNeedsPassword(connection) != 0) {
        return {error_code::unavailable,
                "the database wants a password, and its URL has none: put one there"};
    }
    if (message.find("SSL") != std::string_view::npos ||
        message.find("certificate") != std::string_view::npos) {
        return {error_code::unavailable,
                "the database cannot be reached with encryption as its URL asks for it: check "
                "sslmode and sslrootcert, and the server's certificate"};
    }
    return postgresql_failure("");
}

/// Connects with a limit on the time, and never again: libpqxx would connect anew within a
/// transaction that is of our making and not of its own.
class connect_once final : public pqxx::connectionpolicy {
  public:
    explicit connect_once(const postgresql_options& options)
        : pqxx::connectionpolicy(options.text), timeout_(options.connect_timeout) {}

    handle do_startconnect(handle known) override {
        if (known != nullptr) return known;
        if (std::exchange(asked_, true)) throw pqxx::broken_connection();
        std::unique_ptr<PGconn, finish> fresh(PQconnectStart(options().c_str()));
        if (fresh == nullptr) throw std::bad_alloc();
        PQsetErrorVerbosity(fresh.get(), PQERRORS_SQLSTATE);
        PQsetNoticeReceiver(fresh.get(), take_notice, &ended_);
        if (PQstatus(fresh.get()) == CONNECTION_BAD || !complete(fresh.get())) {
            throw not_connected(connect_failure(fresh.get()));
        }
        handle_ = fresh.release();
        return handle_;
    }

    handle do_disconnect(handle known) noexcept override {
        handle_ = nullptr;
        return pqxx::connectionpolicy::do_disconnect(known);
    }

    /// Null once it is closed.
    [[nodiscard]] PGconn* get() const noexcept { return handle_; }

    /// The server has said that it ends the connection.
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }

  private:
    /// What `PQconnectdb` does, which cannot be told how short messages are to be.
    bool complete(PGconn* connection) const {
        std::string address;
        auto until = steady_clock::time_point::max();
        for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
            if (next == PGRES_POLLING_FAILED) return false;
            if (auto now_at = address_of(connection); now_at != address) {
                address = std::move(now_at);
                if (timeout_.count() > 0) until = steady_clock::now() + timeout_;
            }
            // libpq takes the next address, if there is one, where this one's socket fails.
            if (!wait(connection, next, until)) {
                if (until == steady_clock::time_point::min()) return false;
                until = steady_clock::time_point::min();
                ::shutdown(PQsocket(connection), SHUT_RDWR);
            }
            next = PQconnectPoll(connection);
        }
        return true;
    }

    static std::string address_of(PGconn* connection) {
        std::string address;
        for (const char* part : {PQhost(connection), PQhostaddr(connection), PQport(connection)}) {
            address.append(part == nullptr ? "" : part).append(" ");
        }
        return address;
    }

    /// False where the time is up.
    static bool wait(PGconn* connection, PostgresPollingStatusType what,
                     steady_clock::time_point until) {
        pollfd socket = {
            .fd = PQsocket(connection),
            .events = static_cast<short>(what == PGRES_POLLING_READING ? POLLIN : POLLOUT),
            .revents = 0};
        for (;;) {
            int milliseconds = -1;
            if (until != steady_clock::time_point::max()) {
                const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                    std::max(until, steady_clock::now()) - steady_clock::now());
                milliseconds = static_cast<int>(left.count());
            }
            const int ready = ::poll(&socket, 1, milliseconds);
            if (ready > 0) return true;
            if (ready == 0) return false;
            if (errno != EINTR) return true;  // libpq finds the reason itself
        }
    }

    std::chrono::milliseconds timeout_;
    bool asked_ = false;
    bool ended_ = false;
    handle handle_ = nullptr;
};

/// libpqxx's connection with a policy of ours.
class bound_connection final : public pqxx::connection_base {
  public:
    explicit bound_connection(const postgresql_options& options)
        : pqxx::connection_base(policy_), policy_(options) {
        try {
            init();
        } catch (...) {
            close();
            throw;
        }
    }
    ~bound_connection() { close(); }

    [[nodiscard]] PGconn* get() const noexcept { return policy_.get(); }
    [[nodiscard]] bool has_ended() const noexcept { return policy_.has_ended(); }

  private:
    connect_once policy_;
};

/// Parameters as texts, of which the server knows the types.
class parameter_texts {
  public:
    explicit parameter_texts(std::span<const value> parameters) {
        for (const value& each : parameters) texts_.push_back(text_of(each));
    }

    [[nodiscard]] auto get() const { return pqxx::prepare::make_dynamic_params(texts_); }

  private:
    const char* text_of(const value& parameter) {
        if (const auto* text = std::get_if<std::string>(&parameter)) return text->c_str();
        if (const auto* whole = std::get_if<std::int64_t>(&parameter)) return number(*whole);
        if (const auto* real = std::get_if<double>(&parameter)) return number(*real);
        return nullptr;
    }

    template <class Number>
    const char* number(Number from) {
        std::array<char, 32> digits = {};
        const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), from);
        return numbers_.emplace_back(digits.data(), written.ptr).c_str();
    }

    std::deque<std::string> numbers_;
    std::vector<const char*> texts_;
};

/// A value of a type that is not ours.
class unreadable_value : public std::exception {};

template <class Number>
value number_in(const pqxx::field& from) {
    Number found = {};
    const char* end = from.c_str() + from.size();
    const auto [read, error] = std::from_chars(from.c_str(), end, found);
    if (error != std::errc{} || read != end) throw unreadable_value();
    return found;
}

/// By the type of the column: its number in `pg_type`, which never changes for these.
value value_in(const pqxx::field& from) {
    if (from.is_null()) return {};
    switch (from.type()) {
        case 16:  // bool
            return std::int64_t{*from.c_str() == 't' ? 1 : 0};
        case 20:  // int8
        case 21:  // int2
        case 23:  // int4
        case 26:  // oid
            return number_in<std::int64_t>(from);
        case 700:   // float4
        case 701:   // float8
        case 1700:  // numeric
            return number_in<double>(from);
        case 19:    // name
        case 25:    // text
        case 114:   // json
        case 705:   // unknown: a literal
        case 1042:  // char(n)
        case 1043:  // varchar
        case 2950:  // uuid
        case 3802:  // jsonb
            return std::string(from.c_str(), from.size());
        case 2278:  // void
            return {};
        default:
            throw unreadable_value();
    }
}

bool begins_with_word(std::string_view sql, std::string_view word) {
    const auto start = sql.find_first_not_of(" \t\r\n(");
    if (start == std::string_view::npos) return false;
    const auto found = sql.substr(start, word.size());
    return std::ranges::equal(found, word, [](char one, char other) {
        return (one >= 'a' && one <= 'z' ? one - 'a' + 'A' : one) == other;
    });
}

bool touches_rows(std::string_view sql, const pqxx::result& answer) {
    for (const std::string_view word : {"INSERT", "UPDATE", "DELETE"}) {
        if (begins_with_word(sql, word)) return true;
    }
    return begins_with_word(sql, "WITH") && answer.columns() == 0;
}

postgresql_answer answer_in(const pqxx::result& from, std::string_view sql) {
    postgresql_answer answer;
    answer.found.reserve(from.size());
    for (const auto& each : from) {
        std::vector<value> columns;
        columns.reserve(each.size());
        for (const auto& column : each) {
            columns.push_back(value_in(column));
            answer.bytes += column.size();
        }
        answer.found.emplace_back(std::move(columns));
    }
    if (touches_rows(sql, from)) answer.touched = from.affected_rows();
    return answer;
}

}  // namespace

class postgresql_connection::session {
  public:
    explicit session(const postgresql_options& options)
        : connection_(options), statements_(connection_) {}

    result<postgresql_answer> run(std::string_view sql, std::span<const value> parameters) {
        if (parameters.empty()) return run_once(std::string(sql), parameters);
        bool outdated = false;
        auto answer = run_kept(sql, parameters, outdated);
        if (!outdated) return answer;
        // It was not run. Within a transaction nothing more can be run either.
        if (PQtransactionStatus(get()) == PQTRANS_IDLE) return run_kept(sql, parameters, outdated);
        return failure{error_code::unavailable, "the schema of the database has changed meanwhile"};
    }

    result<postgresql_answer> run_once(const std::string& sql, std::span<const value> parameters) {
        return guarded(sql, [&] {
            const parameter_texts texts(parameters);
            return statements_.exec_params(sql, texts.get());
        });
    }

    result<postgresql_answer> run_plain(const std::string& sql) {
        return guarded(sql, [&] { return statements_.exec(sql); });
    }

    [[nodiscard]] bool is_alive() noexcept {
        PGconn* connection = get();
        // What the server says before it closes the connection may be there before that is.
        for (int i = 0; i < most_notices; ++i) {
            if (PQstatus(connection) != CONNECTION_OK || connection_.has_ended()) return false;
            pollfd socket = {.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
            if (::poll(&socket, 1, 0) <= 0) return true;
            if (PQconsumeInput(connection) == 0) return false;
            PQisBusy(connection);  // reads what has come
        }
        return true;
    }

    [[nodiscard]] bool refused() const noexcept { return !failed_with_.empty(); }

    [[nodiscard]] PGconn* get() const noexcept { return connection_.get(); }

  private:
    /// `outdated` becomes true where a change of the schema, or whoever is between us and the
    /// server, has made what was prepared useless; the next run prepares it anew.
    result<postgresql_answer> run_kept(std::string_view sql, std::span<const value> parameters,
                                       bool& outdated) {
        auto kept = kept_.find(sql);
        if (kept == kept_.end()) {
            if (kept_.size() >= most_statements) return run_once(std::string(sql), parameters);
            std::string name = "s" + std::to_string(++named_);
            connection_.prepare(name, std::string(sql));
            kept = kept_.emplace(sql, std::move(name)).first;
        }
        auto answer = guarded(sql, [&] {
            const parameter_texts texts(parameters);
            return statements_.exec_prepared(kept->second, texts.get());
        });
        // "cached plan must not change result type", "prepared statement does not exist"
        outdated = !answer && (failed_with_ == "0A000" || failed_with_ == "26000");
        if (outdated) {
            forget(kept->second);
            kept_.erase(kept);
        }
        return answer;
    }

    void forget(const std::string& name) {
        try {
            connection_.unprepare(name);
        } catch (const std::exception&) {
            // Within a transaction that failed; it goes with the connection.
        }
    }

    /// Runs it, and makes a failure of whatever libpqxx throws.
    template <class Work>
    result<postgresql_answer> guarded(std::string_view sql, const Work& work) {
        failed_with_.clear();
        try {
            return answer_in(work(), sql);
        } catch (const std::bad_alloc&) {
            return failure{error_code::internal, "there is no memory left"};
        } catch (const unreadable_value&) {
            return failure{error_code::internal,
                           "the database holds something that cannot be read"};
        } catch (const std::exception& why) {
            if (PQstatus(get()) != CONNECTION_OK) return postgresql_lost();
            failed_with_ = sqlstate_in(why.what());
            if (!failed_with_.empty()) return postgresql_failure(failed_with_);
            return failure{error_code::internal, "the database gave an answer that is none"};
        }
    }

    bound_connection connection_;
    /// Begins nothing by itself; transactions are ours.
    pqxx::nontransaction statements_;
    /// The names of prepared statements by their text.
    std::unordered_map<std::string, std::string, text_hash, std::equal_to<>> kept_;
    std::size_t named_ = 0;
    /// The SQLSTATE of the last run, if it failed with one.
    std::string failed_with_;
};

postgresql_connection::postgresql_connection(std::unique_ptr<session> opened) noexcept
    : session_(std::move(opened)) {}

postgresql_connection::~postgresql_connection() = default;

result<std::unique_ptr<postgresql_connection>> postgresql_connection::open(
    const postgresql_options& options) {
    try {
        auto opened = std::make_unique<session>(options);
        return std::unique_ptr<postgresql_connection>(new postgresql_connection(std::move(opened)));
    } catch (const not_connected& why) {
        return why.reason();
    } catch (const std::exception&) {
        return postgresql_failure("");
    }
}

result<postgresql_answer> postgresql_connection::run(std::string_view sql,
                                                     std::span<const value> parameters) {
    return session_->run(sql, parameters);
}

result<postgresql_answer> postgresql_connection::run_once(const std::string& sql,
                                                          std::span<const value> parameters) {
    return session_->run_once(sql, parameters);
}

result<postgresql_answer> postgresql_connection::run_plain(const std::string& sql) {
    return session_->run_plain(sql);
}

bool postgresql_connection::refused() const noexcept { return session_->refused(); }

bool postgresql_connection::is_alive() noexcept { return session_->is_alive(); }

postgresql_connection::transaction_state postgresql_connection::transaction() const noexcept {
    switch (PQtransactionStatus(session_->get())) {
        case PQTRANS_IDLE:
            return transaction_state::none;
        case PQTRANS_ACTIVE:
        case PQTRANS_INTRANS:
            return transaction_state::open;
        case PQTRANS_INERROR:
            return transaction_state::failed;
        default:
            return transaction_state::lost;
    }
}

}  // namespace perin::persistence
