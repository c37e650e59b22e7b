#include "persistence/postgresql/postgresql_database.hpp"

#include "persistence/postgresql/postgresql_connection.hpp"
#include "persistence/postgresql/postgresql_error.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace perin::persistence {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using transaction_state = postgresql_connection::transaction_state;

/// READ COMMITTED, whatever the server's default: what must not happen twice is decided by a
/// primary key, a unique column or the condition of an UPDATE or DELETE, and PostgreSQL looks at
/// these again once the row's other writer is through. Two nodes that append to one stream meet at
/// its primary key, a request that comes twice at that of `idempotency`, two users of one address
/// at `users.email`. A writer that reads first and decides by what it read must therefore look at
/// `changed()` or be stopped by a key; SQLite's single writer would hide it if it did not. Stricter
/// levels would fail whole batches of commits where two nodes only touch one row.
///
/// The number comes in the same round trip: `settle` asks for it.
constexpr const char* begin_writing =
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    "SELECT pg_current_xact_id()::text, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

/// One view of everything to its end, as SQLite gives it; such a transaction never has to give way.
constexpr const char* begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What `each` fetches at once, in rows and, roughly, in bytes.
constexpr std::size_t most_rows = 500;
constexpr std::size_t first_rows = 32;
constexpr std::size_t most_bytes = 4 * 1024 * 1024;

failure given_up() { return postgresql_failure("25P02"); }

/// A transaction as the server knows it. A server that took another one's place counts anew, from
/// where its own copy ended: its timeline is another. One that crashed and started again counts on
/// from what had reached its disk, and may give a number that had not to another transaction.
struct transaction_identity {
    std::string number;
    std::string timeline;
    std::string life;
};

/// Which of its lives a server is in: another one after each start, and after each crash of one of
/// its processes, upon which it begins its statistics anew.
constexpr const char* ask_life =
    "SELECT pg_postmaster_start_time()::text || ' ' || "
    "COALESCE((SELECT stats_reset FROM pg_stat_bgwriter)::text, '')";

constexpr const char* ask_timeline = "left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

/// In a later life: a number that is not given again by now, or is another's that still runs, did
/// not reach the disk, and a COMMIT of it neither.
constexpr const char* survived =
    "CASE WHEN $1::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) THEN 'aborted' "
    "WHEN pg_xact_status($1::xid8) = 'in progress' THEN 'aborted' "
    "ELSE pg_xact_status($1::xid8) END";

/// Whether a number was given again since the server began to live: where its last checkpoint is
/// the one that ends its recovery (it alone begins where it is written), numbers below that one's
/// next are of before. Of two crashes in a row the first one cannot be told.
constexpr const char* ask_recovery =
    "SELECT split_part(next_xid, ':', 1)::bigint * 4294967296 + "
    "split_part(next_xid, ':', 2)::bigint > $1::text::bigint, "
    "redo_lsn = checkpoint_lsn AND current_setting('wal_level') <> 'minimal' "
    "FROM pg_control_checkpoint()";

class postgresql_database final : public database {
  public:
    postgresql_database(postgresql_options options, postgresql_mode mode,
                        std::unique_ptr<postgresql_connection> connection)
        : options_(std::move(options)), mode_(mode), connection_(std::move(connection)) {}

    ~postgresql_database() override = default;

    using database::execute;

    result<rows> execute(std::string_view sql, std::span<const value> parameters = {}) override {
        if (auto why = unstorable(parameters)) return *why;
        if (auto there = ready(); !there) return there.error();
        auto answer = seen(connection_->run(sql, parameters));
        if (!answer) return answer.error();
        if (answer->touched) changed_ = *answer->touched;
        return std::move(answer->found);
    }

    result<void> each(std::string_view sql, std::span<const value> parameters,
                      const std::function<bool(row&)>& take) override {
        if (auto why = unstorable(parameters)) return *why;
        if (auto there = ready(); !there) return there.error();
        if (open_) return walk(sql, parameters, take);
        // A cursor needs a transaction.
        const ending rolled_back(*this);
        if (auto begun = seen(connection_->run_plain(begin_reading)); !begun) return begun.error();
        return walk(sql, parameters, take);
    }

    [[nodiscard]] std::size_t changed() const noexcept override { return changed_; }

    result<void> begin() override {
        if (open_) return failure{error_code::internal, "a transaction is under way already"};
        if (auto there = ready(); !there) return there.error();
        identity_ = {};
        outcome_ = false;
        const bool writes = mode_ == postgresql_mode::read_write;
        if (writes) {
            if (auto known = learn_life(); !known) return known;
        }
        auto begun = seen(connection_->run_plain(writes ? begin_writing : begin_reading));
        if (!begun) {
            end_transaction();
            return begun.error();
        }
        if (writes) {
            row& told = begun->found.at(0);
            identity_ = {told.take_text(0), told.take_text(1), life_};
        }
        open_ = true;
        return {};
    }

    result<void> commit() override {
        if (!open_) return failure{error_code::internal, "there is no transaction to commit"};
        // COMMIT of a transaction in which a statement failed rolls back, and says so in passing.
        if (is_lost() || connection_->transaction() == transaction_state::failed) return given_up();
        auto committed = seen(connection_->run_plain("COMMIT"));
        if (committed) {
            open_ = false;
            return {};
        }
        if (connection_ != nullptr && connection_->refused()) return committed.error();
        // Lost, or there was no memory for the answer.
        connection_.reset();
        if (!identity_.number.empty()) outcome_ = std::nullopt;
        return postgresql_lost();
    }

    result<bool> settle() override {
        const auto until =
            steady_clock::now() + std::max<steady_clock::duration>(options_.connect_timeout, 2s);
        for (auto pause = 5ms; !outcome_; pause = std::min(pause * 2, 200ms)) {
            auto told = ask_outcome();
            if (!told) return told.error();
            outcome_ = *told;
            if (outcome_) break;
            if (steady_clock::now() + pause > until) return unsettled();
            std::this_thread::sleep_for(pause);
        }
        return *outcome_;
    }

    void rollback() noexcept override {
        if (std::exchange(open_, false)) end_transaction();
    }

    const char* driver() const noexcept override { return "postgresql"; }

  private:
    /// Ends the transaction of an `each` that has none around it, which has nothing to keep.
    class ending {
      public:
        explicit ending(postgresql_database& on) noexcept : on_(on) {}
        ending(const ending&) = delete;
        ending& operator=(const ending&) = delete;
        ~ending() { on_.end_transaction(); }

      private:
        postgresql_database& on_;
    };

    /// Closes the cursor where `take` ended it early, by its answer or by an exception.
    class open_cursor {
      public:
        explicit open_cursor(postgresql_database& on) noexcept : on_(on) {}
        open_cursor(const open_cursor&) = delete;
        open_cursor& operator=(const open_cursor&) = delete;
        ~open_cursor() {
            // Where a statement failed the end of the transaction or savepoint closes it.
            if (on_.connection_ == nullptr) return;
            if (on_.connection_->transaction() != transaction_state::open) return;
            on_.run_quietly("CLOSE walk");
        }

      private:
        postgresql_database& on_;
    };

    static failure unsettled() {
        return {error_code::unavailable,
                "the connection was lost during a commit: whether it took place is not known yet"};
    }

    /// Forgets a connection that is lost.
    result<postgresql_answer> seen(result<postgresql_answer> answer) {
        if (!answer && connection_->transaction() == transaction_state::lost) connection_.reset();
        return answer;
    }

    /// The transaction has ended without our doing: its connection was lost, or somebody ran a
    /// ROLLBACK. Statements that follow would each be committed alone.
    [[nodiscard]] bool is_lost() const noexcept {
        if (!open_) return false;
        if (connection_ == nullptr) return true;
        const auto state = connection_->transaction();
        return state == transaction_state::none || state == transaction_state::lost;
    }

    /// Makes a connection again that was lost.
    [[nodiscard]] result<void> ready() {
        if (is_lost()) return given_up();
        if (open_) return {};
        return connect();
    }

    [[nodiscard]] result<void> connect() {
        if (connection_ != nullptr && connection_->is_alive()) return {};
        connection_.reset();
        life_.clear();
        auto fresh = postgresql_connection::open(options_);
        if (!fresh) return fresh.error();
        connection_ = std::move(*fresh);
        return {};
    }

    /// No connection outlives a life of its server: asked for once a connection.
    [[nodiscard]] result<void> learn_life() {
        if (!life_.empty()) return {};
        auto told = seen(connection_->run_plain(ask_life));
        if (!told) return told.error();
        life_ = told->found.at(0).take_text(0);
        return {};
    }

    [[nodiscard]] result<void> walk(std::string_view sql, std::span<const value> parameters,
                                    const std::function<bool(row&)>& take) {
        const auto declared = seen(connection_->run_once(
            "DECLARE walk NO SCROLL CURSOR FOR " + std::string(sql), parameters));
        if (!declared) return declared.error();
        const open_cursor closed(*this);
        std::size_t wanted = first_rows;
        for (;;) {
            auto answer =
                seen(connection_->run_plain("FETCH " + std::to_string(wanted) + " FROM walk"));
            if (!answer) return answer.error();
            for (row& next : answer->found) {
                if (!take(next)) return {};
            }
            const std::size_t count = answer->found.size();
            if (count < wanted) return {};
            const std::size_t bytes = std::max<std::size_t>(answer->bytes, 1);
            wanted = std::clamp<std::size_t>(most_bytes * count / bytes, 1, most_rows);
        }
    }

    /// Nothing where the transaction is still under way.
    [[nodiscard]] result<std::optional<bool>> ask_outcome() {
        using answer = std::optional<bool>;
        if (auto there = connect(); !there) return there.error();
        if (auto known = learn_life(); !known) return known.error();
        const bool lived_on = life_ == identity_.life;
        const value number = identity_.number;
        auto told = seen(connection_->run_once(
            std::string("SELECT ") + (lived_on ? "pg_xact_status($1::xid8)" : survived) + ", " +
                ask_timeline,
            {&number, 1}));
        if (!told) return told.error();
        row& status = told->found.at(0);
        if (status.is_null(0) || status.text(1) != identity_.timeline) return untellable();
        if (status.text(0) == "committed") {
            if (lived_on) return answer(true);
            return ask_whose_number();
        }
        if (status.text(0) == "aborted") return answer(false);
        // The server may not have noticed that the connection is gone, and would wait for its next
        // statement for long. One that is within its COMMIT is left to it: it may wait for a copy.
        const auto ended = seen(connection_->run_once(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_xid = $1::xid8::xid AND state LIKE 'idle in transaction%'",
            {&number, 1}));
        if (!ended) return ended.error();
        return answer();
    }

    /// Of a number that was committed, after the server has crashed.
    [[nodiscard]] result<std::optional<bool>> ask_whose_number() {
        using answer = std::optional<bool>;
        const value number = identity_.number;
        auto told = seen(connection_->run_once(ask_recovery, {&number, 1}));
        // Not everybody may ask everywhere.
        if (!told) return connection_ == nullptr ? told.error() : untellable();
        const row& recovery = told->found.at(0);
        if (recovery.integer(0) == 0) return answer(false);
        if (recovery.integer(1) == 0) return untellable();
        return answer(true);
    }

    static failure untellable() {
        return {error_code::unavailable,
                "the connection was lost during a commit, and the database cannot say any more "
                "whether it took place"};
    }

    /// What fails closes the connection, and with it goes whatever was to be ended.
    void run_quietly(const char* sql) noexcept {
        if (connection_ == nullptr) return;
        try {
            if (connection_->run_plain(sql)) return;
        } catch (const std::exception&) {
            // Memory ran out; the connection goes.
        }
        connection_.reset();
    }

    void end_transaction() noexcept {
        if (connection_ == nullptr) return;
        if (connection_->transaction() == transaction_state::none) return;
        run_quietly("ROLLBACK");
    }

    const postgresql_options options_;
    const postgresql_mode mode_;
    /// Null while it is lost.
    std::unique_ptr<postgresql_connection> connection_;
    /// Of the server, as far as the connection knows; empty until it is asked for.
    std::string life_;
    /// Between `begin` and `commit` or `rollback`.
    bool open_ = false;
    /// Of the transaction under way, or the last one; empty where it does not write.
    transaction_identity identity_;
    /// Whether the last transaction was committed although its `commit` failed; nothing where that
    /// is not known.
    std::optional<bool> outcome_ = false;
    std::size_t changed_ = 0;
};

}  // namespace

result<std::unique_ptr<database>> open_postgresql(const std::string& url, postgresql_mode mode) {
    auto options = postgresql_options_of(url, mode);
    if (!options) return options.error();
    auto connection = postgresql_connection::open(*options);
    if (!connection) return connection.error();
    return std::unique_ptr<database>(
        std::make_unique<postgresql_database>(std::move(*options), mode, std::move(*connection)));
}

}  // namespace perin::persistence
