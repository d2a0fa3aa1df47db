// A file the program has open in the simulated file system: keeps the inode alive after its last
// name is gone.
#pragma once

#include <memory>
#include <utility>

#include "file_system.hpp"

namespace logwisp::sim {

class SimFileSystem::OpenFile : public Readable {
  public:
    OpenFile(World& world, SimFileSystem& files, std::shared_ptr<Inode> inode)
        : world_(world), files_(files), inode_(std::move(inode)) {}

    int read_at(char* buffer, std::size_t bytes, std::uint64_t offset) override;
    int sync() override;
    // Regular files are always ready.
    [[nodiscard]] std::uint32_t readiness() const override { return 0x5; }
    void hold() { ++inode_->opens; }
    void on_closed() override {
        --inode_->opens;
        files_.release(inode_);
    }
    [[nodiscard]] const Inode& inode() const { return *inode_; }

  private:
    World& world_;
    SimFileSystem& files_;
    std::shared_ptr<Inode> inode_;
};

}  // namespace logwisp::sim
