#include "persistence/deferred_database.hpp"

#include <utility>

namespace perin::persistence {

namespace {

class deferred_database final : public database {
  public:
    deferred_database(database_location at, access_mode mode) : at_(std::move(at)), mode_(mode) {}

    using database::execute;

    result<rows> execute(std::string_view sql, std::span<const value> parameters) override {
        if (auto opened = open(); !opened) return opened.error();
        return inner_->execute(sql, parameters);
    }

    result<void> each(std::string_view sql, std::span<const value> parameters,
                      const std::function<bool(row&)>& take) override {
        if (auto opened = open(); !opened) return opened.error();
        return inner_->each(sql, parameters, take);
    }

    [[nodiscard]] std::size_t changed() const noexcept override {
        return inner_ ? inner_->changed() : 0;
    }

    result<void> begin() override {
        if (auto opened = open(); !opened) return opened.error();
        return inner_->begin();
    }

    result<void> commit() override {
        if (!inner_) return failure{error_code::internal, "there is no transaction to commit"};
        return inner_->commit();
    }

    result<bool> settle() override {
        if (!inner_) return false;
        return inner_->settle();
    }

    void rollback() noexcept override {
        if (inner_) inner_->rollback();
    }

    [[nodiscard]] const char* driver() const noexcept override {
        return at_.embedded() ? "sqlite" : "postgresql";
    }

  private:
    result<void> open() {
        if (inner_) return {};
        auto opened = open_database(at_, mode_);
        if (!opened) return opened.error();
        inner_ = std::move(*opened);
        return {};
    }

    database_location at_;
    access_mode mode_;
    std::unique_ptr<database> inner_;
};

}  // namespace

std::unique_ptr<database> open_later(database_location at, access_mode mode) {
    return std::make_unique<deferred_database>(std::move(at), mode);
}

}  // namespace perin::persistence
