#include "persistence/vault/resealing.hpp"

#include "persistence/decode.hpp"
#include "persistence/vault/sealing_key.hpp"

#include <utility>
#include <vector>

namespace perin::persistence {

namespace {

struct kept_seal {
    std::string row;
    std::string text;
};

kept_seal kept_seal_of(row& from) { return {.row = from.take_text(0), .text = from.take_text(1)}; }

/// What is done to the values of one batch, all of one column.
class batch {
  public:
    batch(database& on, vault& keys, const std::string& key_id, unopened_values unopened,
          const sealed_column& column)
        : on_(on), keys_(keys), key_id_(key_id), unopened_(unopened), column_(column) {}

    result<void> seal_again(const kept_seal& kept) {
        const auto place = column_.place_of(kept.row);
        const auto found = keys_.inspect(place, kept.text);
        if (!found) return found.error();
        const auto* plain = std::get_if<std::string>(&*found);
        if (plain == nullptr) return give_up(kept);
        const auto sealed = keys_.seal(key_id_, place, *plain);
        if (!sealed) return sealed.error();
        const auto exchanged = on_.execute(column_.exchange, {kept.row, kept.text, *sealed});
        if (!exchanged) return exchanged.error();
        // None where somebody has written it meanwhile: with the key that seals now.
        counts.sealed += on_.changed();
        return {};
    }

    resealing_counts counts;

  private:
    result<void> give_up(const kept_seal& kept) {
        if (unopened_ == unopened_values::keep) {
            ++counts.unopened;
            return {};
        }
        const auto removed = on_.execute(column_.give_up, {kept.row, kept.text});
        if (!removed) return removed.error();
        counts.removed += on_.changed();
        return {};
    }

    database& on_;
    vault& keys_;
    const std::string& key_id_;
    const unopened_values unopened_;
    const sealed_column& column_;
};

}  // namespace

resealing::resealing(database& on, vault& keys, unopened_values unopened)
    : on_(on), keys_(keys), unopened_(unopened), key_id_(keys.newest()) {}

result<void> resealing::begin() {
    auto change = transaction::begin(on_);
    if (!change) return change.error();
    auto replaced = sealing_key_repository(on_, keys_.purpose()).replace(key_id_);
    if (!replaced) return replaced;
    return change->commit();
}

result<bool> resealing::step() {
    if (column_ == sealed_columns().size()) return false;
    const sealed_column& column = sealed_columns()[column_];
    auto change = transaction::begin(on_);
    if (!change) return change.error();
    const auto kept = decode_all<kept_seal>(
        on_.execute(column.sealed_otherwise,
                    {after_, envelope_prefix(key_id_), std::int64_t{rows_of_a_batch}}),
        kept_seal_of);
    if (!kept) return kept.error();
    if (kept->empty()) {
        ++column_;
        after_.clear();
        return true;
    }
    const auto key = sealing_key_repository(on_, keys_.purpose()).claim(keys_, kept->size());
    if (!key) return key.error();
    if (*key != key_id_) {
        return failure{error_code::conflict, "another secret has come to seal meanwhile"};
    }
    batch work(on_, keys_, key_id_, unopened_, column);
    for (const auto& each : *kept) {
        if (auto sealed = work.seal_again(each); !sealed) return sealed.error();
    }
    if (auto committed = change->commit(); !committed) return committed.error();
    after_ = kept->back().row;
    counts_.sealed += work.counts.sealed;
    counts_.unopened += work.counts.unopened;
    counts_.removed += work.counts.removed;
    return true;
}

}  // namespace perin::persistence
