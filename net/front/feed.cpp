#include "net/front/feed.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>

namespace perin::net {

namespace {

class feed_sink final : public runtime::session_sink {
  public:
    feed_sink(std::weak_ptr<feed> to, strand on) : to_(std::move(to)), on_(on) {}
    /// Its actor holds it alone: that has ended.
    ~feed_sink() override {
        post([](feed& self) { self.lost = true; });
    }

    void accepted(std::string, runtime::chat_accepted what) override {
        post([what = std::move(what)](feed& self) { self.accepted = what; });
    }
    void done(std::string, std::optional<std::uint64_t>) override {
        post([](feed& self) { self.subscribed = true; });
    }
    void failed(std::string, failure why) override {
        post([why = std::move(why)](feed& self) { self.failed = why; });
    }
    void events(std::string, std::vector<shared_event> what, bool more) override {
        post([what = std::move(what), more](feed& self) {
            self.events.insert(self.events.end(), what.begin(), what.end());
            self.more = more;
        });
    }
    void gone(std::string) override {
        post([](feed& self) { self.gone = true; });
    }

  private:
    template <class Call>
    void post(Call call) {
        asio::defer(on_, [to = to_, call = std::move(call)] {
            if (auto self = to.lock()) {
                call(*self);
                self->changed();
            }
        });
    }

    std::weak_ptr<feed> to_;
    strand on_;
};

}  // namespace

std::shared_ptr<runtime::session_sink> feed::sink() {
    return std::make_shared<feed_sink>(weak_from_this(), wake_.get_executor());
}

void feed::changed() {
    fresh_ = true;
    wake_.cancel();
}

task<bool> feed::wait(std::chrono::milliseconds time) {
    if (!fresh_) {
        wake_.expires_after(time);
        (void)co_await wake_.async_wait(use_tuple);
    }
    co_return std::exchange(fresh_, false);
}

}  // namespace perin::net
