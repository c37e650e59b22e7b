// crash_appender (--url URL | --file FILE) RUN STREAMS
//
// Appends batches of records to so many streams of a database as fast as its store takes them, one
// batch of a stream at a time, and says on its standard output what was acknowledged (see
// appender_words.hpp). RUN is a number that no other start on the same database had. It ends with 0
// where its standard input does. It is there to be killed, and to lose its database.

#include "actors/store/database_work.hpp"
#include "actors/store/store.hpp"
#include "persistence/open_database.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "tests/crash_appender/appender_words.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

using namespace perin;
using namespace perin::runtime;
using perin::test::appender_word;
using namespace std::chrono_literals;

namespace {

constexpr auto store_timeout = 60s;
constexpr auto ask_again_after = 10ms;
constexpr std::size_t most_records = 5;
constexpr std::size_t most_filler = 2'000;

void say(appender_word::kind what, std::size_t stream, std::uint64_t version) {
    const appender_word word{what, static_cast<std::uint32_t>(stream), version};
    // Who does not listen any more has no need of this program.
    if (::write(STDOUT_FILENO, &word, sizeof word) != sizeof word) ::_exit(1);
}

[[noreturn]] void fail(std::size_t stream, std::uint64_t version, std::string_view why) {
    std::fprintf(stderr, "stream %zu at version %llu: %.*s\n", stream,
                 static_cast<unsigned long long>(version), static_cast<int>(why.size()),
                 why.data());
    say(appender_word::kind::wrong, stream, version);
    ::_exit(1);
}

struct writer_parts {
    persistence::database_location at;
    store_actor store;
    std::uint64_t run = 0;
};

/// Appends to one stream, without an end.
class writer {
  public:
    static constexpr const char* name = "writer";
    using pointer = caf::stateful_actor<writer>*;

    void begin(pointer self, std::shared_ptr<const writer_parts> parts, std::size_t stream,
               std::uint64_t version) {
        self_ = self;
        parts_ = std::move(parts);
        stream_ = stream;
        version_ = version;
        random_.seed(parts_->run * 1'000 + stream);
        next();
    }

    void ask() {
        append_records what{test::stream_name(stream_), version_, batch_, std::nullopt};
        if (test::has_row(stream_)) what.state = stream_state{"crash", "", "running"};
        self_->request(parts_->store, store_timeout, std::move(what))
            .then([this](const result<std::uint64_t>& answer) { on_answer(answer); },
                  [this](const caf::error&) { fail(stream_, version_, "no answer"); });
    }

  private:
    void next() {
        ++number_;
        const auto count = 1 + random_() % most_records;
        batch_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            const nlohmann::json payload{{"run", parts_->run},
                                         {"batch", number_},
                                         {"at", i},
                                         {"of", count},
                                         {"filler", std::string(random_() % most_filler, 'x')}};
            batch_.push_back({0, "crash.record", payload.dump(), timestamp{}});
        }
        ask();
    }

    void on_answer(const result<std::uint64_t>& answer) {
        if (answer && *answer != version_ + batch_.size())
            fail(stream_, *answer, "another version than asked for");
        if (answer) return acknowledge();
        if (answer.error().code == error_code::conflict) return look();
        if (answer.error().code != error_code::unavailable)
            fail(stream_, version_, answer.error().detail);
        ask_again();
    }

    void acknowledge() {
        version_ += batch_.size();
        known_ = true;
        say(appender_word::kind::acknowledged, stream_, version_);
        next();
    }

    void ask_again() {
        say(appender_word::kind::asks_again, stream_, version_);
        self_->delayed_send(self_, ask_again_after, tick{});
    }

    /// The stream has gone on without an answer: with the batch that was asked for, or with the
    /// last one of a program that was killed, whose commit took its time.
    void look() {
        auto db = persistence::open_database(parts_->at, persistence::access_mode::read_only);
        if (!db) return ask_again();
        auto found = persistence::journal_repository(**db).read(test::stream_name(stream_),
                                                                version_, 2 * most_records);
        if (!found) return ask_again();
        if (found->empty()) fail(stream_, version_, "a conflict with nothing");
        if (is_mine(*found)) return acknowledge();
        if (known_) fail(stream_, version_, "somebody else writes to this stream");
        version_ = found->back().version;
        ask();
    }

    [[nodiscard]] bool is_mine(const std::vector<journal_record>& found) const {
        return std::equal(found.begin(), found.end(), batch_.begin(), batch_.end(),
                          [](const auto& one, const auto& other) {
                              return nlohmann::json::parse(one.payload) ==
                                     nlohmann::json::parse(other.payload);
                          });
    }

    pointer self_ = nullptr;
    std::shared_ptr<const writer_parts> parts_;
    std::size_t stream_ = 0;
    std::uint64_t version_ = 0;
    std::uint64_t number_ = 0;
    /// This run has written to the stream.
    bool known_ = false;
    std::vector<journal_record> batch_;
    std::mt19937_64 random_;
};

caf::behavior write_on(writer::pointer self, std::shared_ptr<const writer_parts> parts,
                       std::size_t stream, std::uint64_t version) {
    self->state.begin(self, std::move(parts), stream, version);
    return {[self](tick) { self->state.ask(); }};
}

upstream_actor spawn_supervisor_of_database(caf::actor_system& system) {
    auto parts = std::make_shared<upstream_parts>();
    parts->key = actors::database_upstream;
    parts->settings = actors::database_supervision();
    parts->chance = std::make_shared<system_entropy>();
    parts->clock = std::make_shared<system_clock>();
    parts->circuits = std::make_shared<circuit_board>();
    return spawn_upstream(system, std::move(parts));
}

std::vector<std::uint64_t> versions_of(persistence::database& db, std::size_t streams) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < streams; ++i) {
        auto version = persistence::journal_repository(db).version(test::stream_name(i));
        if (!version) fail(i, 0, version.error().detail);
        out.push_back(*version);
    }
    return out;
}

}  // namespace

int main(int count, char** words) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (count != 5) return 2;
    start_log({log_level::off, log_format::text, false});
    auto parts = std::make_shared<writer_parts>();
    (words[1] == std::string_view("--url") ? parts->at.url : parts->at.file) = words[2];
    parts->run = std::strtoull(words[3], nullptr, 10);
    const auto streams = std::strtoull(words[4], nullptr, 10);
    auto db = persistence::open_database(parts->at);
    if (!db) fail(0, 0, db.error().detail);
    const auto versions = versions_of(**db, streams);

    caf::actor_system_config settings;
    settings.set("scheduler.max-threads", std::size_t{2});
    settings.set("logger.console", caf::atom("none"));
    caf::actor_system system(settings);
    actor_slot<upstream_actor> supervisor(spawn_supervisor_of_database(system));
    parts->store = actors::spawn_store(system, std::move(*db), {}, true, supervisor);
    for (std::size_t i = 0; i < streams; ++i) system.spawn(write_on, parts, i, versions[i]);

    char ignored = 0;
    while (::read(STDIN_FILENO, &ignored, 1) > 0) {
    }
    ::_exit(0);
}
