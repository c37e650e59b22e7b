#include "actors/model/supervised_model.hpp"

#include <caf/send.hpp>

#include <mutex>

namespace perin::actors {

using namespace runtime;

namespace {

using std::chrono::microseconds;

upstream_failure upstream_failure_of(const model_failure& why) {
    return {.category = why.category,
            .detail = why.detail,
            .status = why.status,
            .told_wait = why.retry_after,
            .retryable = why.retryable && is_retryable(why.category),
            .counts_for_circuit =
                why.counts_for_circuit && counts_for_circuit(why.category, why.status)};
}

/// One call with its attempts. Its supervisor, the service's thread and the caller meet here; the
/// lock is held for moments, never while one of them is called.
class model_work final : public upstream_work, public std::enable_shared_from_this<model_work> {
  public:
    model_work(std::shared_ptr<chat_model> inner, shared_model_request request, model_sink sink)
        : inner_(std::move(inner)), request_(std::move(request)), sink_(std::move(sink)) {}

    void begin(std::uint32_t attempt, attempt_told told) override {
        {
            std::lock_guard guard(mutex_);
            if (over_) return;
            attempt_ = attempt;
        }
        auto call = inner_->start(
            request_, [self = shared_from_this(), attempt, told = std::move(told)](
                          model_event what) { self->on_event(attempt, told, std::move(what)); });
        std::lock_guard guard(mutex_);
        // It may have been cut meanwhile, or ended within `start`.
        if (over_ || attempt_ != attempt)
            call->cancel();
        else
            call_ = std::move(call);
    }

    void cut() override {
        std::shared_ptr<model_call> call;
        {
            std::lock_guard guard(mutex_);
            attempt_ = 0;
            call = std::move(call_);
        }
        if (call) call->cancel();
    }

    void refused(const call_refusal& why) override {
        model_failure out;
        {
            std::lock_guard guard(mutex_);
            out = last_;
            out.elapsed = elapsed_;
        }
        switch (why.why) {
            case refusal_reason::circuit_open:
                out.detail = "the model service's circuit is open";
                out.category = error_category::unknown;
                out.silent = false;
                break;
            case refusal_reason::overloaded:
                out.detail = "too many calls to the model service are under way";
                out.category = error_category::unknown;
                out.silent = false;
                break;
            case refusal_reason::past_deadline:
                out.detail = "the model service did not answer in time";
                out.category = error_category::timeout;
                out.silent = true;
                break;
            case refusal_reason::failed:
            case refusal_reason::parked:
                if (why.last) out.category = why.last->category;
                break;
        }
        // Whatever may come of it later: this call has had its tries.
        out.retryable = false;
        end(std::move(out));
    }

    /// The caller wants nothing more.
    void give_up() {
        std::lock_guard guard(mutex_);
        over_ = true;
    }

  private:
    void on_event(std::uint32_t attempt, const attempt_told& told, model_event what) {
        if (auto* delta = std::get_if<model_delta>(&what)) {
            {
                std::lock_guard guard(mutex_);
                if (over_ || attempt_ != attempt) return;
                shown_ = shown_ || !delta->text.empty();
            }
            return sink_(std::move(*delta));
        }
        auto* reply = std::get_if<model_reply>(&what);
        attempt_end how;
        {
            std::lock_guard guard(mutex_);
            if (over_ || attempt_ != attempt) return;
            attempt_ = 0;
            call_.reset();
            if (reply) {
                reply->elapsed += elapsed_;
            } else {
                last_ = std::move(std::get<model_failure>(what));
                elapsed_ += last_.elapsed;
                how = {upstream_failure_of(last_), !shown_};
            }
        }
        told(std::move(how));
        if (reply) end(std::move(*reply));
    }

    void end(model_event last) {
        {
            std::lock_guard guard(mutex_);
            if (std::exchange(over_, true)) return;
        }
        sink_(std::move(last));
    }

    const std::shared_ptr<chat_model> inner_;
    const shared_model_request request_;
    const model_sink sink_;

    std::mutex mutex_;
    /// The attempt under way, 0 where none is.
    std::uint32_t attempt_ = 0;
    std::shared_ptr<model_call> call_;
    bool over_ = false;
    bool shown_ = false;
    model_failure last_;
    microseconds elapsed_{0};
};

class supervised_call final : public model_call {
  public:
    supervised_call(std::shared_ptr<model_work> work, upstream_actor upstream)
        : work_(std::move(work)), upstream_(std::move(upstream)) {}

    void cancel() override {
        work_->give_up();
        if (upstream_) caf::anon_send(upstream_, upstream_cancel{work_->number()});
    }

  private:
    std::shared_ptr<model_work> work_;
    upstream_actor upstream_;
};

}  // namespace

std::shared_ptr<model_call> supervised_model::start(shared_model_request request, model_sink sink) {
    auto work = std::make_shared<model_work>(inner_, std::move(request), std::move(sink));
    auto upstream = upstream_.load();
    retry_terms terms;
    terms.patience = terms_.patience;
    if (upstream)
        caf::anon_send(upstream,
                       upstream_submit{std::make_shared<submission>(work), terms, terms_.within});
    else
        submission nowhere(work);
    return std::make_shared<supervised_call>(std::move(work), std::move(upstream));
}

}  // namespace perin::actors
