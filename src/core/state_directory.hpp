// The directory in which ledgers are kept, locked for this process as long as the object lives. Control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace logwisp {

// What files of a stream are called in it: a stream may be called anything; a file may not.
std::string state_file_name(const std::string& stream);

class StateDirectory {
  public:
    // Makes what is missing of `path`. Errors: it cannot be made or written, another process has it.
    static Result<std::shared_ptr<StateDirectory>> open(const std::string& path);
    // Removed or renamed by somebody: another one takes its place under the same path, locked too. Any thread.
    [[nodiscard]] Result<void> make_again_if_gone();
    ~StateDirectory();
    // Another process may have it, though a thread of this one keeps the kernel from ending it.
    void unlock();
    StateDirectory(const StateDirectory&) = delete;
    StateDirectory& operator=(const StateDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int descriptor() const { return directory_; }

    // Which run of the machine this is: what a killed process wrote in the same one is still there. Read at the start, later the sandbox is
    // in the way.
    [[nodiscard]] std::uint64_t boot() const { return boot_; }

    // One user for each name, also in this process: a stream that is being closed may still write
    // when its successor is opened. Any thread.
    bool claim(const std::string& name);
    void release(const std::string& name);

  private:
    StateDirectory(std::string path, int directory, int lock, std::uint64_t boot)
        : path_(std::move(path)), directory_(directory), lock_(lock), boot_(boot) {}

    std::string path_;
    int directory_;
    int lock_;
    std::uint64_t boot_;
    std::mutex mutex_;
    std::set<std::string> claimed_;
};

}  // namespace logwisp
