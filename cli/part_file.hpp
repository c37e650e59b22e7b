#pragma once

#include "domain/result.hpp"

#include <filesystem>

namespace perin::cli {

/// A file that is being written: it is `<target>.part`, for nobody else to read (mode 0600), until
/// it is whole and on disk. One that a program left when it died is begun anew.
class part_file {
  public:
    /// Makes it, empty. `conflict` where another program is writing one. A failure's detail names
    /// the file.
    [[nodiscard]] static result<part_file> begin(const std::filesystem::path& target);

    part_file(part_file&& other) noexcept;
    part_file& operator=(part_file&&) = delete;
    /// Removes it, unless it was placed.
    ~part_file();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// Brings it to disk and gives it its name; `conflict` where that is taken and it may not
    /// `replace`.
    [[nodiscard]] result<void> place(bool replace);

  private:
    part_file(std::filesystem::path target, std::filesystem::path path, int descriptor) noexcept
        : target_(std::move(target)), path_(std::move(path)), descriptor_(descriptor) {}

    std::filesystem::path target_;
    std::filesystem::path path_;
    /// Open to the end: it holds the lock that others see, and to close it would drop SQLite's.
    int descriptor_;
    /// Not where it is another program's, or has its name.
    bool removes_ = false;
};

}  // namespace perin::cli
