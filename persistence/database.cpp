#include "persistence/database.hpp"

#include "domain/text.hpp"

#include <exception>
#include <utility>

namespace perin::persistence {

namespace {

template <class T>
const T& held(const value& column) {
    const T* found = std::get_if<T>(&column);
    if (found == nullptr) throw unreadable_row("a column holds another type");
    return *found;
}

}  // namespace

const value& row::at(std::size_t column) const {
    if (column >= columns_.size()) throw unreadable_row("a column is missing");
    return columns_[column];
}

bool row::is_null(std::size_t column) const {
    return std::holds_alternative<std::monostate>(at(column));
}

std::int64_t row::integer(std::size_t column) const { return held<std::int64_t>(at(column)); }

double row::real(std::size_t column) const {
    const value& found = at(column);
    if (const auto* whole = std::get_if<std::int64_t>(&found)) return static_cast<double>(*whole);
    return held<double>(found);
}

const std::string& row::text(std::size_t column) const { return held<std::string>(at(column)); }

std::string row::take_text(std::size_t column) {
    static_cast<void>(text(column));  // throws where it is none
    return std::exchange(std::get<std::string>(columns_[column]), {});
}

std::optional<failure> unstorable(std::span<const value> parameters) {
    for (const value& each : parameters) {
        const auto* text = std::get_if<std::string>(&each);
        if (text == nullptr) continue;
        if (text->find('\0') != std::string::npos) {
            return failure{error_code::invalid_request, "a text holds a NUL, which is not kept"};
        }
        if (!is_utf8(*text)) {
            return failure{error_code::invalid_request, "a text is not valid UTF-8"};
        }
    }
    return std::nullopt;
}

result<transaction> transaction::begin(database& on) {
    if (auto begun = on.begin(); !begun) return begun.error();
    return transaction(on);
}

transaction::transaction(transaction&& other) noexcept : on_(std::exchange(other.on_, nullptr)) {}

transaction::~transaction() {
    if (on_ != nullptr) on_->rollback();
}

result<void> transaction::commit() {
    if (on_ == nullptr) return failure{error_code::internal, "the transaction has ended already"};
    database& on = *std::exchange(on_, nullptr);
    auto committed = on.commit();
    if (committed) return committed;
    if (committed.error().code == error_code::unavailable) {
        const auto written = on.settle();
        if (!written) {
            committed = failure{error_code::unavailable,
                                "the connection was lost during a commit: whether it took place "
                                "is not known"};
        } else if (*written) {
            committed = {};
        }
    }
    on.rollback();
    return committed;
}

// All bear one name: a nested one hides the outer one in both databases, and the texts of the
// statements stay few.
result<savepoint> savepoint::begin(database& on) {
    if (auto begun = on.execute("SAVEPOINT item"); !begun) return begun.error();
    return savepoint(on);
}

savepoint::savepoint(savepoint&& other) noexcept : on_(std::exchange(other.on_, nullptr)) {}

savepoint::~savepoint() { rollback(); }

result<void> savepoint::release() {
    if (on_ == nullptr) return failure{error_code::internal, "the savepoint has ended already"};
    auto released = on_->execute("RELEASE SAVEPOINT item");
    if (!released) return released.error();
    on_ = nullptr;
    return {};
}

void savepoint::rollback() noexcept {
    database* on = std::exchange(on_, nullptr);
    if (on == nullptr) return;
    try {
        auto undone = on->execute("ROLLBACK TO SAVEPOINT item");
        if (undone) undone = on->execute("RELEASE SAVEPOINT item");
        // What cannot be undone alone must not be committed with the rest. The database still takes
        // itself to be in the transaction, so that all that follows fails until it ends.
        if (!undone) undone = on->execute("ROLLBACK");
    } catch (const std::exception&) {
        on->rollback();
    }
}

}  // namespace perin::persistence
