#include "net/http_client/transfer_loop.hpp"

#include <algorithm>
#include <new>
#include <sys/socket.h>
#include <unistd.h>

namespace perin::net {

namespace {

constexpr std::size_t max_idle_handles = 1024;

}  // namespace

transfer_loop::transfer_loop(http_client_options options, std::shared_ptr<mailbox> box)
    : options_(std::move(options)), box_(std::move(box)), multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &transfer_loop::socket_callback);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &transfer_loop::timer_callback);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_in_flight));
}

transfer_loop::~transfer_loop() {
    idle_handles_.clear();
    curl_multi_cleanup(multi_);
}

void transfer_loop::run() {
    batch_.now = std::chrono::steady_clock::now();
    while (read_mail()) {
        serve_timer();  // also sends what has just begun
        collect_done();
        expire();
        begin_waiting();
        serve_sockets();
    }
    end_all();
}

bool transfer_loop::read_mail() {
    while (box_->take(mail_)) {
        batch_.now = std::chrono::steady_clock::now();
        for (auto& call : mail_.begun) accept(std::move(call));
        for (const auto& call : mail_.cancelled) on_cancel(call);
        if (mail_.closing) return false;
    }
    begin_waiting();
    return true;
}

void transfer_loop::accept(transfer_ptr call) {
    if (call->refused() || call->is_cancelled()) {
        call->finish(call->refused() ? http_error::overloaded : http_error::cancelled);
        return;
    }
    arm(*call);
    waiting_.push_back(std::move(call));
}

void transfer_loop::begin_waiting() {
    while (!waiting_.empty() && in_flight_.size() < options_.max_in_flight) {
        auto call = std::move(waiting_.front());
        waiting_.pop_front();
        begin(std::move(call));
    }
}

void transfer_loop::begin(transfer_ptr call) {
    easy_handle easy;
    if (idle_handles_.empty()) {
        easy = make_easy(options_);
        curl_easy_setopt(easy.get(), CURLOPT_OPENSOCKETFUNCTION, &transfer_loop::open_callback);
        curl_easy_setopt(easy.get(), CURLOPT_OPENSOCKETDATA, this);
        curl_easy_setopt(easy.get(), CURLOPT_CLOSESOCKETFUNCTION, &transfer_loop::close_callback);
        curl_easy_setopt(easy.get(), CURLOPT_CLOSESOCKETDATA, this);
    } else {
        easy = std::move(idle_handles_.back());
        idle_handles_.pop_back();
    }
    if (!call->begin(std::move(easy), batch_) ||
        curl_multi_add_handle(multi_, call->easy()) != CURLM_OK) {
        disarm(*call);
        static_cast<void>(call->release());
        call->finish(http_error::malformed);
        return;
    }
    arm(*call);
    transfer* const key = call.get();
    in_flight_.emplace(key, std::move(call));
}

void transfer_loop::on_cancel(const transfer_ptr& call) {
    if (call->finished()) return;
    if (in_flight_.contains(call.get())) {
        remove(*call, http_error::cancelled);
        return;
    }
    drop_waiting(*call, http_error::cancelled);
}

void transfer_loop::drop_waiting(transfer& call, std::optional<http_error> error) {
    const auto at = std::ranges::find(waiting_, &call, &transfer_ptr::get);
    if (at == waiting_.end()) return;
    const auto kept = std::move(*at);
    waiting_.erase(at);
    disarm(call);
    call.finish(error);
}

void transfer_loop::serve_sockets() {
    auto& poll = box_->poll();
    const bool batch = batching();
    poll.batch(batch);
    const bool may_wait = box_->fall_asleep();
    const auto events = poll.wait(may_wait ? time_to_wait() : time_point::duration::zero());
    box_->awake();
    batch_.now = std::chrono::steady_clock::now();
    bool late = false;
    for (const auto& event : events) {
        if (poll.of_deferred(event)) {
            late = true;
        } else {
            serve(event);
        }
    }
    if (batch ? batch_.now >= tick_ : late) serve_deferred();
}

void transfer_loop::serve_deferred() {
    if (batching()) {
        const auto share = std::chrono::nanoseconds(std::chrono::seconds(1)) * in_flight_.size() /
                           options_.reads_per_second;
        tick_ = batch_.now + std::chrono::duration_cast<time_point::duration>(share);
    }
    for (const auto& event : box_->poll().deferred()) serve(event);
}

void transfer_loop::serve(const epoll_event& event) {
    auto& poll = box_->poll();
    if (!poll.wanted(event)) return;
    const int bits = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    int running = 0;
    curl_multi_socket_action(multi_, event.data.fd, bits, &running);
    if (batching() && !batch_.touched.empty()) poll.defer(event.data.fd);
    end_read();
}

bool transfer_loop::batching() const {
    return options_.reads_per_second != 0 && in_flight_.size() > options_.batch_above;
}

void transfer_loop::serve_timer() {
    // A timer that is set again to "now" from within waits for the next round.
    if (!timer_ || *timer_ > std::chrono::steady_clock::now()) return;
    timer_.reset();
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    end_read();
}

void transfer_loop::end_read() {
    for (transfer* call : batch_.touched) {
        call->end_of_read();
        arm(*call);
    }
    batch_.touched.clear();
}

void transfer_loop::collect_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        transfer* call = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        remove(*call, call->outcome(message->data.result));
    }
}

void transfer_loop::expire() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= batch_.now) {
        transfer& call = *deadlines_.begin()->second;
        const auto limit = call.deadline();
        if (limit.at > batch_.now) {
            disarm(call);
            arm(call);
        } else if (in_flight_.contains(&call)) {
            remove(call, limit.error);
        } else {
            drop_waiting(call, limit.error);
        }
    }
}

void transfer_loop::arm(transfer& call) {
    const auto at = call.deadline().at;
    if (call.armed && *call.armed <= at) return;
    disarm(call);
    call.armed = at;
    deadlines_.emplace(at, &call);
}

void transfer_loop::disarm(transfer& call) {
    if (!call.armed) return;
    deadlines_.erase({*call.armed, &call});
    call.armed.reset();
}

void transfer_loop::remove(transfer& call, std::optional<http_error> error) {
    disarm(call);
    const auto node = in_flight_.extract(&call);  // keeps it alive to the end of this function
    curl_multi_remove_handle(multi_, call.easy());
    std::erase(batch_.touched, &call);
    auto easy = call.release();
    if (idle_handles_.size() < max_idle_handles) idle_handles_.push_back(std::move(easy));
    call.finish(error);
}

void transfer_loop::end_all() {
    for (const auto& call : waiting_) call->finish(http_error::cancelled);
    waiting_.clear();
    while (!in_flight_.empty()) {
        const auto call = in_flight_.begin()->second;
        remove(*call, http_error::cancelled);
    }
    // What exchanges have started meanwhile, from within their last call.
    mailbox::mail last;
    while (box_->take(last) && !last.begun.empty()) {
        for (const auto& call : last.begun) call->finish(http_error::cancelled);
    }
}

std::optional<transfer_loop::time_point::duration> transfer_loop::time_to_wait() const {
    std::optional<time_point> next = timer_;
    if (!deadlines_.empty()) {
        const auto first = deadlines_.begin()->first;
        next = next ? std::min(*next, first) : first;
    }
    if (batching()) next = next ? std::min(*next, tick_) : tick_;
    if (!next) return std::nullopt;
    return std::max(*next - std::chrono::steady_clock::now(), time_point::duration::zero());
}

int transfer_loop::socket_callback(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& poll = static_cast<transfer_loop*>(self)->box_->poll();
    const std::uint32_t wanted = what == CURL_POLL_IN      ? EPOLLIN
                                 : what == CURL_POLL_OUT   ? EPOLLOUT
                                 : what == CURL_POLL_INOUT ? EPOLLIN | EPOLLOUT
                                                           : 0U;
    poll.want(fd, wanted);
    return 0;
}

int transfer_loop::timer_callback(CURLM*, long milliseconds, void* self) {
    auto& loop = *static_cast<transfer_loop*>(self);
    if (milliseconds < 0) {
        loop.timer_.reset();
    } else {
        loop.timer_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    }
    return 0;
}

curl_socket_t transfer_loop::open_callback(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    static_cast<transfer_loop*>(self)->box_->poll().opened(fd);
    return fd;
}

int transfer_loop::close_callback(void* self, curl_socket_t fd) {
    static_cast<transfer_loop*>(self)->box_->poll().closed(fd);
    return ::close(fd);
}

}  // namespace perin::net
