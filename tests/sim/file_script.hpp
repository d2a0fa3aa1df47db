// Scripts that change and watch files, run over any FileSystem: the same text against the simulated
// one and against the real one must leave the same transcript, or the model is wrong. One command a
// line:
//
//   writer W PATH [at]   write W TEXT   seek W OFFSET   cut W BYTES   close W      (without `at`
//   the writer appends) mkdir P   fifo P   link P Q   symlink TARGET P   rename P Q   rm P   trunc
//   P BYTES   mode P OCTAL open F P   status F   read F OFFSET BYTES   data F OFFSET   shut F stat
//   P   lstat P   readlink P   list P watch N P   unwatch N   events
//
// The transcript names files by the order in which they were first seen, never by number. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tail/file_system.hpp"

namespace logwisp::sim {

// What changes the files. Paths are below the world's root; calls answer 0 or -errno.
class FileWorld {
  public:
    virtual ~FileWorld() = default;
    virtual FileSystem& files() = 0;
    virtual std::string root() = 0;
    virtual int open_writer(const std::string& label, const std::string& path, bool append) = 0;
    virtual void write(const std::string& label, std::string_view bytes) = 0;
    virtual void seek(const std::string& label, std::uint64_t offset) = 0;
    virtual void cut(const std::string& label, std::uint64_t bytes) = 0;
    virtual void close_writer(const std::string& label) = 0;
    virtual int make_directory(const std::string& path) = 0;
    virtual int make_fifo(const std::string& path) = 0;
    virtual int make_link(const std::string& from, const std::string& to) = 0;
    virtual int make_symlink(const std::string& target, const std::string& path) = 0;
    virtual int rename(const std::string& from, const std::string& to) = 0;
    virtual int remove(const std::string& path) = 0;
    virtual int truncate(const std::string& path, std::uint64_t bytes) = 0;
    virtual int set_mode(const std::string& path, std::uint32_t mode) = 0;
};

// The transcript.
std::string run_file_script(FileWorld& world, std::string_view script);

std::string run_file_script_simulated(std::string_view script);
// In a fresh temporary directory.
std::string run_file_script_really(std::string_view script);

}  // namespace logwisp::sim
