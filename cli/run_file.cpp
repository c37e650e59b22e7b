#include "cli/run_file.hpp"

#include "domain/json.hpp"
#include "runtime/private_file.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
namespace perin::cli {

namespace {

constexpr auto file_name = "run.json";

std::optional<run_file> read_run_file(const std::filesystem::path& data) {
    std::ifstream in(data / file_name, std::ios::binary);
    if (!in) return {};
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object()) return {};
    const auto field = [&](const char* name) -> std::string {
        const auto found = parsed->find(name);
        return found != parsed->end() && found->is_string() ? found->get<std::string>() : "";
    };
    run_file run{field("url"), field("admin"), 0, field("token"), field("node")};
    const auto pid = parsed->find("pid");
    if (pid == parsed->end() || !pid->is_number_integer()) return {};
    run.pid = pid->get<int>();
    if (const auto keys = parsed->find("keys"); keys != parsed->end() && keys->is_array()) {
        for (const auto& key : *keys) {
            if (key.is_string()) run.keys.push_back(key.get<std::string>());
        }
    }
    const auto kept = parsed->find("keptSecret");
    run.kept_secret = kept != parsed->end() && *kept == true;
    if (run.pid <= 0 || run.admin.empty() || run.token.empty()) return {};
    return run;
}

}  // namespace

result<void> write_run_file(const std::filesystem::path& data, const run_file& run) {
    const nlohmann::json json = {{"url", run.url},
                                 {"admin", run.admin},
                                 {"pid", run.pid},
                                 {"token", run.token},
                                 {"node", run.node},
                                 {"keys", run.keys},
                                 {"keptSecret", run.kept_secret}};
    return runtime::write_private_file(data / file_name, json.dump() + "\n",
                                       runtime::existing_file::replace);
}

void remove_run_file(const std::filesystem::path& data, int pid) {
    const auto run = read_run_file(data);
    if (!run || run->pid != pid) return;
    std::error_code gone_already;
    std::filesystem::remove(data / file_name, gone_already);
}

std::optional<run_file> live_run_file(const std::filesystem::path& data) {
    auto run = read_run_file(data);
    // A process of another user cannot be signalled, but it lives.
    if (run && ::kill(run->pid, 0) != 0 && errno != EPERM) return {};
    return run;
}

}  // namespace perin::cli
