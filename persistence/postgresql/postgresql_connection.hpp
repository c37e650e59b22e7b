#pragma once

#include "persistence/database.hpp"
#include "persistence/postgresql/postgresql_options.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perin::persistence {

struct postgresql_answer {
    rows found;
    /// How many rows an `INSERT`, `UPDATE` or `DELETE` touched; nothing for all else.
    std::optional<std::size_t> touched;
    /// How long all values are together, as the server sent them.
    std::size_t bytes = 0;
};

/// One connection to a server, from the moment it stands until it is lost or closed: it is never
/// made again by itself, so that no statement of a transaction can slip out of it.
class postgresql_connection {
  public:
    enum class transaction_state {
        none,
        open,
        /// A statement failed: the server takes nothing but the end of the transaction or of a
        /// savepoint.
        failed,
        /// With the connection.
        lost,
    };

    /// Gives up after `connect_timeout` for each address of the host.
    [[nodiscard]] static result<std::unique_ptr<postgresql_connection>> open(
        const postgresql_options& options);

    postgresql_connection(const postgresql_connection&) = delete;
    postgresql_connection& operator=(const postgresql_connection&) = delete;
    ~postgresql_connection();

    /// Runs one statement. A text with parameters is kept prepared.
    [[nodiscard]] result<postgresql_answer> run(std::string_view sql,
                                                std::span<const value> parameters);

    /// The same, and keeps nothing.
    [[nodiscard]] result<postgresql_answer> run_once(const std::string& sql,
                                                     std::span<const value> parameters);

    /// Runs statements without parameters, separated by `;`, in one round trip. The answer is that
    /// of the last one.
    [[nodiscard]] result<postgresql_answer> run_plain(const std::string& sql);

    /// Whether it was the server that failed the last statement: it was not done then.
    [[nodiscard]] bool refused() const noexcept;

    /// Whether the server has closed it meanwhile; costs no round trip. Between statements only.
    [[nodiscard]] bool is_alive() noexcept;

    [[nodiscard]] transaction_state transaction() const noexcept;

  private:
    class session;

    explicit postgresql_connection(std::unique_ptr<session> opened) noexcept;

    std::unique_ptr<session> session_;
};

}  // namespace perin::persistence
