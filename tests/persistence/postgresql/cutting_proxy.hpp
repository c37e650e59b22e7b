#pragma once

#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace perin::persistence::test {

/// A bad network between a client and a PostgreSQL server of this machine.
class cutting_proxy {
  public:
    /// What happens to a COMMIT.
    enum class fault {
        none,
        /// Neither it nor anything after it reaches the server, which sees the connection end.
        lose_request,
        /// The same, but the server sees nothing, as if a cable had been pulled.
        lose_request_silently,
        /// The server does it, and the connection ends before its answer is through.
        lose_answer,
        /// The connection ends for the client alone, as soon as the server has been asked.
        lose_client,
    };

    explicit cutting_proxy(std::uint16_t server);
    cutting_proxy(const cutting_proxy&) = delete;
    cutting_proxy& operator=(const cutting_proxy&) = delete;
    ~cutting_proxy();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Of the next COMMIT alone; all others pass.
    void on_next_commit(fault what);

    /// Ends all connections there are, without a word to either side.
    void cut();

  private:
    struct connection {
        int client = -1;
        int server = -1;
        /// The next answer ends it.
        bool ends = false;
    };

    void run();
    void accept_one();
    void from_client(connection& one);
    void from_server(connection& one);

    std::uint16_t server_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    /// A byte ends the thread.
    int wake_read_ = -1;
    int wake_write_ = -1;
    std::mutex mutex_;
    std::vector<connection> connections_;
    fault next_ = fault::none;
    std::thread thread_;
};

}  // namespace perin::persistence::test
