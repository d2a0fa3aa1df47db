// What a power failure leaves of a directory. The program's own calls on it (open, pwrite, rename, fdatasync and the like; disk_calls.cpp)
// are real, and noted here in their order: so the directory can be made again as the disk may hold it after any of them, with any choice of
// what was not synced yet. POSIX promises no more than this:
//
//   - What was written to a file is kept when a sync of that file began behind it and has ended. Of the rest each sector is kept as it was at
//     any time since, each for itself; and the file is as long as it was at any time since.
//   - What was made, renamed, linked or removed is kept when a sync of the directory began behind it and has ended. Of the rest any part
//     is kept; most file systems keep their order, and half of the states here do.
//
// One thread; one at a time is in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace logwisp::sim {

// By name: what the files of the directory hold.
using Contents = std::map<std::string, std::string>;

class Disk {
  public:
    // `directory` becomes what `contents` says, all of it durable.
    Disk(World& world, std::string directory, const Contents& contents);
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    // How many changes and syncs there were; each is a moment at which the power may fail.
    [[nodiscard]] std::size_t moments() const { return changes_.size(); }
    [[nodiscard]] std::uint64_t moment_ns(std::size_t moment) const;
    // What is found when the power has failed after so many of them.
    [[nodiscard]] Contents after_power_loss(std::size_t moments, Random& random) const;
    // The process was killed after so many of them: everything is there, and no more durable than it was.
    void kill(std::size_t moments);

    // --- The calls; the directory's own is file 0. ---
    static Disk* in_use();
    [[nodiscard]] const std::string& directory() const { return directory_; }
    // The descriptor to be given to the program instead of `real`.
    int opened(int real, const std::string& name, bool truncated);
    int opened_directory(int real);
    [[nodiscard]] bool knows(int descriptor) const { return open_.contains(descriptor); }
    [[nodiscard]] bool is_directory(int descriptor) const;
    void closed(int descriptor);
    void written(int descriptor, std::uint64_t offset, std::string_view bytes);
    void cut(int descriptor, std::uint64_t bytes);
    void renamed(const std::string& from, const std::string& to);
    void linked(const std::string& from, const std::string& to);
    void removed(const std::string& name);
    void sync_began(std::size_t file);
    void sync_ended(std::size_t file);
    // By the program itself, which waits for it.
    void synced(int descriptor);

  private:
    enum class Kind : std::uint8_t { make, write, cut, rename, link, remove, sync_begin, sync_end };
    struct Change {
        Kind kind;
        std::size_t file = 0;
        std::uint64_t offset = 0;  // cut: the bytes that are left
        std::string text;          // what is written; the name
        std::string to;
        std::uint64_t at_ns = 0;
    };
    using Names = std::map<std::string, std::size_t>;

    void note(Change change);
    static void apply(const Change& change, Names& names);
    [[nodiscard]] Names names_at_start() const;
    // Changes of this file (or of the directory) before this one are durable.
    [[nodiscard]] std::size_t durable(std::size_t file, std::size_t moments) const;
    [[nodiscard]] std::string content(std::size_t file, std::size_t moments, Random* random) const;
    [[nodiscard]] Contents contents(std::size_t moments, Random* random) const;
    void put(const Contents& contents) const;

    World& world_;
    std::string directory_;
    std::vector<std::string> begun_with_;  // by file
    Names start_;
    Names names_;
    std::vector<Change> changes_;
    std::map<int, std::size_t> open_;  // by descriptor
    std::size_t files_ = 1;
};

}  // namespace logwisp::sim
