#include "tests/persistence/test_store.hpp"

#include "persistence/migrations.hpp"

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace perin::persistence::test {

temporary_folder::temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "perin-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

const std::vector<std::string>& drivers() {
    static const std::vector<std::string> all = {"sqlite", "postgresql"};
    return all;
}

test_store::test_store(const std::string& driver) : on_server_(driver == "postgresql") {
    if (!on_server_ && driver != "sqlite") throw std::runtime_error("no such driver");
}

void test_store::prepare(bool migrated) const {
    if (!on_server_ || server_) return;
    server_.emplace(postgres_cluster::shared(), migrated ? migrated_template() : "template0");
}

database_location test_store::location() const {
    prepare(false);
    if (server_) return {.url = server_->url()};
    return {.file = (folder_.path() / "perin.db").string()};
}

std::unique_ptr<database> test_store::open_empty() {
    auto opened = open_database(location());
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
}

std::unique_ptr<database> test_store::open() {
    prepare(true);
    auto opened = open_empty();
    if (auto ran = migrate(*opened, at(0)); !ran) throw std::runtime_error(ran.error().detail);
    return opened;
}

result<rows> watched_database::execute(std::string_view sql, std::span<const value> parameters) {
    if (auto why = watch_(sql)) return *why;
    return inner_.execute(sql, parameters);
}

result<void> watched_database::each(std::string_view sql, std::span<const value> parameters,
                                    const std::function<bool(row&)>& take) {
    if (auto why = watch_(sql)) return *why;
    return inner_.each(sql, parameters, take);
}

timestamp at(std::int64_t count) {
    using namespace std::chrono;
    return timestamp(sys_days(2026y / January / 1)) + milliseconds(count);
}

}  // namespace perin::persistence::test
