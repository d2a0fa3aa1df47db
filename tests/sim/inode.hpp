// Files and names of the simulated file system. An Inode is a file, a Dentry a name it has; a
// rename moves the Dentry, so that whoever holds a file open goes on causing events under its new
// name, as in Linux. Inode numbers are reused at once, lowest first, and told apart by generation
// only. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tail/file_system.hpp"

namespace logwisp::sim {

struct Dentry;

struct Inode {
    FileKind kind = FileKind::regular;
    std::uint64_t number = 0;
    std::uint64_t generation = 0;
    std::uint32_t mode = 0644;
    std::uint32_t links = 0;
    std::uint32_t opens = 0;
    std::int64_t modified_ns = 0;
    std::int64_t born_ns = 0;
    bool silent = false;  // on a file system whose changes inotify does not see; inherited by what
                          // is made below

    std::string data;  // regular
    std::map<std::uint64_t, std::uint64_t>
        written;  // begin -> end, not touching: the rest is holes
    std::map<std::string, std::shared_ptr<Dentry>> entries;  // directory
    std::string target;                                      // symbolic link

    [[nodiscard]] bool gone() const { return links == 0 && opens == 0; }
    void write_at(std::uint64_t offset, std::string_view bytes);
    void truncate(std::uint64_t bytes);
    // Holes are known in blocks, as file systems do it.
    [[nodiscard]] std::uint64_t next_data(std::uint64_t offset) const;
};

struct Dentry {
    std::shared_ptr<Inode> inode;
    std::shared_ptr<Inode> parent;  // stays after the name was removed
    std::string name;
};

class InodeNumbers {
  public:
    void give(Inode& inode) {
        std::uint64_t number = 100;
        for (const std::uint64_t used : used_) {
            if (used != number) break;
            ++number;
        }
        used_.insert(number);
        inode.number = number;
        inode.generation = ++generations_;
    }
    void take_back(const Inode& inode) { used_.erase(inode.number); }

  private:
    std::set<std::uint64_t> used_;
    std::uint64_t generations_ = 0;
};

}  // namespace logwisp::sim
