#include "net/http_client/mailbox.hpp"

#include "net/http_client/transfer.hpp"

#include <utility>

namespace perin::net {

void mailbox::begin(std::shared_ptr<transfer> call) {
    if (calls_.fetch_add(1, std::memory_order_relaxed) >= max_calls_) call->refuse();
    {
        const std::lock_guard lock(mutex_);
        mail_.begun.push_back(std::move(call));
    }
    rouse();
}

void mailbox::cancel(std::shared_ptr<transfer> call) {
    {
        const std::lock_guard lock(mutex_);
        if (mail_.closing) return;
        mail_.cancelled.push_back(std::move(call));
    }
    rouse();
}

void mailbox::close() {
    {
        const std::lock_guard lock(mutex_);
        mail_.closing = true;
    }
    rouse();
}

bool mailbox::take(mail& out) {
    out.begun.clear();
    out.cancelled.clear();
    const std::lock_guard lock(mutex_);
    out.closing = mail_.closing;
    std::swap(out.begun, mail_.begun);
    std::swap(out.cancelled, mail_.cancelled);
    return out.closing || !out.begun.empty() || !out.cancelled.empty();
}

bool mailbox::fall_asleep() {
    // Before the look at the mail: whoever adds some after it sees `asleep_` and wakes us.
    asleep_.store(true);
    const std::lock_guard lock(mutex_);
    if (!mail_.closing && mail_.begun.empty() && mail_.cancelled.empty()) return true;
    asleep_.store(false);
    return false;
}

void mailbox::rouse() {
    if (asleep_.exchange(false)) poll_.wake();
}

}  // namespace perin::net
