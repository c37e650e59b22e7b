#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace perin::runtime {

/// Where the actor of a name stands at present: a supervisor puts each new incarnation there, and a
/// requester takes it for every request. Copies are the same slot. Thread-safe.
///
/// An actor that has died stays in its slot until the next one stands there: a request to it fails
/// at once. Null only before the first start and after `clear`. A slot holds its actor's memory,
/// not its state, which goes as it ends; `clear` the slots of a tree once it has ended, before the
/// actor system.
template <class Handle>
class actor_slot {
  public:
    actor_slot() : cell_(std::make_shared<cell>()) {}
    /// A slot for an actor that is never replaced, such as a test's.
    actor_slot(Handle stands) : actor_slot() { put(std::move(stands)); }

    void put(Handle stands) {
        // The earlier one's last handle goes outside the lock.
        std::lock_guard guard(cell_->lock);
        std::swap(cell_->stands, stands);
        cell_->version.fetch_add(1, std::memory_order_release);
    }

    void clear() { put(Handle{}); }

    /// A handle of one's own, under a short lock. Who asks often keeps an `actor_finder`.
    [[nodiscard]] Handle load() const {
        std::lock_guard guard(cell_->lock);
        return cell_->stands;
    }

    /// Rises with every `put`.
    [[nodiscard]] std::uint64_t version() const noexcept {
        return cell_->version.load(std::memory_order_acquire);
    }

    [[nodiscard]] bool same_as(const actor_slot& other) const noexcept {
        return cell_ == other.cell_;
    }

  private:
    struct cell {
        std::atomic<std::uint64_t> version{0};
        mutable std::mutex lock;
        Handle stands;
    };
    std::shared_ptr<cell> cell_;
};

/// One requester's view of a slot: no lock and no count of references while nothing changes. Of one
/// actor or thread, unlike the slot.
template <class Handle>
class actor_finder {
  public:
    actor_finder() = default;
    actor_finder(actor_slot<Handle> slot) : slot_(std::move(slot)) {}

    /// Who stands there now; valid until the next call.
    [[nodiscard]] const Handle& current() {
        if (auto now = slot_.version(); now != seen_) {
            seen_ = now;
            known_ = slot_.load();
        }
        return known_;
    }

    [[nodiscard]] const actor_slot<Handle>& slot() const noexcept { return slot_; }

  private:
    actor_slot<Handle> slot_;
    std::uint64_t seen_ = 0;
    Handle known_;
};

}  // namespace perin::runtime
