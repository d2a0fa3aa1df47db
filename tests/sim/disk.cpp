#include "disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "kernel.hpp"
#include "violation.hpp"

namespace logwisp::sim {

namespace {

Disk* disk_in_use = nullptr;

constexpr std::size_t directory_file = 0;
constexpr std::size_t sector_bytes = 512;
// The simulated descriptors are below it.
constexpr int descriptor_min = 10'000;

// What the simulated kernel syncs.
class DiskFile : public Readable {
  public:
    DiskFile(Disk& disk, std::size_t file) : disk_(disk), file_(file) {}
    int read_at(char* /*buffer*/, std::size_t /*bytes*/, std::uint64_t /*offset*/) override {
        violation("a ledger is read through the kernel");
    }
    int sync() override {
        disk_.sync_began(file_);
        return 0;
    }
    void on_synced() override { disk_.sync_ended(file_); }
    [[nodiscard]] std::uint32_t readiness() const override { return 0; }

  private:
    Disk& disk_;
    std::size_t file_;
};

void put_bytes(std::string& content, std::uint64_t offset, std::string_view bytes) {
    content.resize(std::max<std::size_t>(content.size(), offset + bytes.size()));
    content.replace(offset, bytes.size(), bytes);
}

}  // namespace

Disk* Disk::in_use() { return disk_in_use; }

Disk::Disk(World& world, std::string directory, const Contents& contents)
    : world_(world), directory_(std::move(directory)), begun_with_(1) {
    CHECK(disk_in_use == nullptr);
    put(contents);
    for (const auto& [name, bytes] : contents) {
        start_[name] = files_++;
        begun_with_.push_back(bytes);
    }
    names_ = start_;
    disk_in_use = this;
}

Disk::~Disk() {
    CHECK(open_.empty());  // left open
    disk_in_use = nullptr;
}

void Disk::put(const Contents& contents) const {
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
        std::filesystem::remove(entry.path());
    for (const auto& [name, bytes] : contents)
        std::ofstream(directory_ + "/" + name, std::ios::binary) << bytes;
}

std::uint64_t Disk::moment_ns(std::size_t moment) const { return changes_.at(moment).at_ns; }

void Disk::note(Change change) {
    static constexpr const char* names[] = {"make", "write",  "cut",  "rename",
                                            "link", "remove", "sync", "synced"};
    change.at_ns = world_.now_ns();
    world_.trace.note(names[static_cast<std::size_t>(change.kind)], change.file, changes_.size());
    apply(change, names_);
    changes_.push_back(std::move(change));
}

void Disk::apply(const Change& change, Names& names) {
    const auto found = names.find(change.text);
    switch (change.kind) {
        case Kind::make:
            names[change.text] = change.file;
            break;
        case Kind::rename:
        case Kind::link:
            if (found == names.end()) break;  // it was not kept that there was one
            names[change.to] = found->second;
            if (change.kind == Kind::rename) names.erase(change.text);
            break;
        case Kind::remove:
            names.erase(change.text);
            break;
        default:
            break;
    }
}

// --- The calls. ---

bool Disk::is_directory(int descriptor) const {
    const auto found = open_.find(descriptor);
    return found != open_.end() && found->second == directory_file;
}

int Disk::opened_directory(int real) {
    const int given = ::fcntl(real, F_DUPFD_CLOEXEC, descriptor_min);
    CHECK(given >= descriptor_min);
    ::close(real);
    open_[given] = directory_file;
    world_.descriptors.put(given, std::make_shared<DiskFile>(*this, directory_file));
    return given;
}

int Disk::opened(int real, const std::string& name, bool truncated) {
    const int given = ::fcntl(real, F_DUPFD_CLOEXEC, descriptor_min);
    CHECK(given >= descriptor_min);
    ::close(real);
    const auto found = names_.find(name);
    const std::size_t file = found != names_.end() ? found->second : files_;
    open_[given] = file;
    if (file == files_) {
        ++files_;
        begun_with_.emplace_back();
        note({.kind = Kind::make, .file = file, .text = name, .to = {}});
    } else if (truncated) {
        cut(given, 0);
    }
    world_.descriptors.put(given, std::make_shared<DiskFile>(*this, file));
    return given;
}

void Disk::closed(int descriptor) {
    world_.descriptors.close(descriptor);
    open_.erase(descriptor);
}

void Disk::written(int descriptor, std::uint64_t offset, std::string_view bytes) {
    note({.kind = Kind::write,
          .file = open_.at(descriptor),
          .offset = offset,
          .text = std::string(bytes),
          .to = {}});
}

void Disk::cut(int descriptor, std::uint64_t bytes) {
    note({.kind = Kind::cut, .file = open_.at(descriptor), .offset = bytes, .text = {}, .to = {}});
}

void Disk::renamed(const std::string& from, const std::string& to) {
    note({.kind = Kind::rename, .text = from, .to = to});
}

void Disk::linked(const std::string& from, const std::string& to) {
    note({.kind = Kind::link, .text = from, .to = to});
}

void Disk::removed(const std::string& name) {
    note({.kind = Kind::remove, .text = name, .to = {}});
}

void Disk::sync_began(std::size_t file) {
    note({.kind = Kind::sync_begin, .file = file, .text = {}, .to = {}});
}

void Disk::sync_ended(std::size_t file) {
    note({.kind = Kind::sync_end, .file = file, .text = {}, .to = {}});
}

void Disk::synced(int descriptor) {
    sync_began(open_.at(descriptor));
    sync_ended(open_.at(descriptor));
}

// --- What is left. ---

std::size_t Disk::durable(std::size_t file, std::size_t moments) const {
    std::size_t began = 0;
    std::size_t before = 0;
    for (std::size_t at = 0; at < moments; ++at) {
        if (changes_[at].file != file) continue;
        if (changes_[at].kind == Kind::sync_begin) began = at;
        if (changes_[at].kind == Kind::sync_end) before = began;
    }
    return before;
}

// Without `random`: as the program sees it.
std::string Disk::content(std::size_t file, std::size_t moments, Random* random) const {
    std::string content = begun_with_[file];
    const std::size_t kept = random != nullptr ? durable(file, moments) : moments;
    // Of all sectors, or of each for itself: everything before this is kept.
    const auto choose = [&]() -> std::size_t {
        switch (random->below(3)) {
            case 0:
                return kept;
            case 1:
                return moments;
            default:
                return random->between(kept, moments);
        }
    };
    const bool alike = random != nullptr && random->chance(300);
    const std::size_t kept_of_all = random != nullptr ? choose() : moments;
    std::map<std::uint64_t, std::size_t> kept_of_sector;
    const auto is_kept = [&](std::size_t at, std::uint64_t sector) {
        if (at < kept) return true;
        if (alike) return at < kept_of_all;
        const auto found = kept_of_sector.find(sector);
        if (found != kept_of_sector.end()) return at < found->second;
        return at < (kept_of_sector[sector] = choose());
    };
    std::size_t bytes = content.size();  // as the program sees it
    std::vector<std::size_t> lengths;
    for (std::size_t at = 0; at < moments; ++at) {
        const Change& change = changes_[at];
        if (change.file != file) continue;
        if (change.kind == Kind::cut) {
            bytes = change.offset;
            if (at < std::max(kept, kept_of_all)) content.resize(bytes);
        }
        if (change.kind == Kind::write) {
            const std::string_view text = change.text;
            bytes = std::max<std::size_t>(bytes, change.offset + text.size());
            for (std::size_t from = 0; from < text.size();) {
                const std::uint64_t offset = change.offset + from;
                const std::size_t count =
                    std::min(text.size() - from, sector_bytes - offset % sector_bytes);
                if (is_kept(at, offset / sector_bytes))
                    put_bytes(content, offset, text.substr(from, count));
                from += count;
            }
        }
        if (at >= kept) lengths.push_back(bytes);
    }
    // A length that was written before the bytes were.
    if (random != nullptr && !lengths.empty() && random->chance(300))
        content.resize(std::max(content.size(), lengths[random->below(lengths.size())]));
    return content;
}

Contents Disk::contents(std::size_t moments, Random* random) const {
    Names names = start_;
    const std::size_t kept = random != nullptr ? durable(directory_file, moments) : moments;
    const bool in_order = random != nullptr && random->chance(500);
    const std::size_t kept_in_order = in_order ? random->between(kept, moments) : 0;
    for (std::size_t at = 0; at < moments; ++at)
        if (at < kept || (in_order ? at < kept_in_order : random->chance(500)))
            apply(changes_[at], names);
    Contents contents;
    for (const auto& [name, file] : names) contents[name] = content(file, moments, random);
    return contents;
}

Contents Disk::after_power_loss(std::size_t moments, Random& random) const {
    return contents(moments, &random);
}

void Disk::kill(std::size_t moments) {
    CHECK(open_.empty());
    put(contents(moments, nullptr));
    changes_.resize(moments);
    names_ = start_;
    for (const Change& change : changes_) apply(change, names_);
}

}  // namespace logwisp::sim
