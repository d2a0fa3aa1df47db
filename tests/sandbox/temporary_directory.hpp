// A directory of the test's own, removed with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.hpp"

namespace logwisp::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = std::filesystem::temp_directory_path() / "logwisp-sandbox-XXXXXX";
        CHECK(::mkdtemp(name.data()) != nullptr);
        path_ = std::filesystem::canonical(name);
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string path(const std::string& name = {}) const {
        return name.empty() ? path_.string() : (path_ / name).string();
    }
    std::string directory(const std::string& name) const {
        std::filesystem::create_directories(path_ / name);
        return path(name);
    }
    std::string file(const std::string& name) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path(name)) << "text\n";
        return path(name);
    }
    std::string link(const std::string& name, const std::string& to) const {
        std::filesystem::create_symlink(to, path_ / name);
        return path(name);
    }

  private:
    std::filesystem::path path_;
};

}  // namespace logwisp::test
