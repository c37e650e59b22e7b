#pragma once

#include "persistence/database.hpp"

#include <catch2/catch.hpp>

#include <memory>

namespace perin::test {

using persistence::database;

inline const failure gone{error_code::unavailable, "the server is gone"};

/// A database whose calls can be made to fail.
class failing_database final : public database {
  public:
    explicit failing_database(std::unique_ptr<database> inner) : inner_(std::move(inner)) {}

    using database::execute;
    result<persistence::rows> execute(std::string_view sql,
                                      std::span<const persistence::value> parameters) override {
        ++statements;
        if (away) return gone;
        if (full && sql.starts_with("INSERT"))
            return failure{error_code::unavailable, "the disk is full"};
        return inner_->execute(sql, parameters);
    }
    result<void> each(std::string_view sql, std::span<const persistence::value> parameters,
                      const std::function<bool(persistence::row&)>& take) override {
        return inner_->each(sql, parameters, take);
    }
    std::size_t changed() const noexcept override { return inner_->changed(); }
    result<void> begin() override {
        ++begun;
        if (away) return gone;
        return inner_->begin();
    }
    result<void> commit() override {
        if (answer_lost) {
            // It takes place, and nobody hears of it.
            REQUIRE(inner_->commit());
            written = true;
            return gone;
        }
        if (commit_lost) {
            inner_->rollback();
            written = false;
            return gone;
        }
        return inner_->commit();
    }
    result<bool> settle() override {
        if (away) return gone;
        return written;
    }
    void rollback() noexcept override { inner_->rollback(); }
    const char* driver() const noexcept override { return "sqlite"; }

    bool away = false;
    /// Transactions begin, and nothing can be written.
    bool full = false;
    bool answer_lost = false;
    bool commit_lost = false;
    bool written = false;
    int begun = 0;
    int statements = 0;

  private:
    std::unique_ptr<database> inner_;
};

}  // namespace perin::test
