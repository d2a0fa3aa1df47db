#include "sandbox/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/mounts.hpp"
#include "base/path.hpp"

namespace logwisp {

namespace {

namespace fs = std::filesystem;

// Too much else is in them to be granted for the sake of one thing that may be made again there.
constexpr std::array<std::string_view, 24> shared_directories = {
    "/",      "/bin", "/boot", "/dev",       "/etc",  "/home",      "/lib",     "/lib64",
    "/media", "/mnt", "/opt",  "/proc",      "/root", "/run",       "/sbin",    "/srv",
    "/sys",   "/tmp", "/usr",  "/usr/local", "/var",  "/var/cache", "/var/lib", "/var/tmp"};

bool is_shared(const fs::path& directory) {
    return std::find(shared_directories.begin(), shared_directories.end(), directory.string()) !=
           shared_directories.end();
}

// Or somebody's home, keys and all.
bool holds_more_than_logs(const fs::path& directory) {
    return is_shared(directory) || directory.parent_path() == "/home";
}

bool is_place(const fs::path& path) {
    std::error_code unknown;
    return fs::is_directory(path, unknown);
}

fs::path absolute(const std::string& path) {
    std::error_code unknown;
    fs::path whole = fs::absolute(path, unknown).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();  // "/srv/" is "/srv"
}

// With all links resolved, or as it is.
fs::path real(const fs::path& path) {
    std::error_code failed;
    fs::path found = fs::canonical(path, failed);
    return failed ? path : found;
}

// `directory`, or the nearest one above it that is there.
fs::path nearest(fs::path directory) {
    while (!is_place(directory) && directory != directory.parent_path())
        directory = directory.parent_path();
    return directory;
}

class Places {
  public:
    explicit Places(bool lasting) : lasting_(lasting) {}

    void target(const Target& target);
    // With all that is below it.
    void directory(const fs::path& path, Access access) { add(nearest(path), access); }
    void file(const fs::path& path) { add(path, Access::read); }
    // It may be removed and made again.
    void standing_in(const fs::path& path, Access access) {
        if (lasting_ && !is_shared(path) && !is_shared(real(path))) add(path, access);
    }
    std::vector<Grant> take() { return std::move(grants_); }

  private:
    void add(const fs::path& path, Access access) {
        const std::string found = real(path).string();
        const auto same = std::find_if(grants_.begin(), grants_.end(),
                                       [&](const Grant& grant) { return grant.path == found; });
        if (same == grants_.end())
            grants_.push_back({found, access});
        else
            same->access = std::max(same->access, access);
    }
    // Other links may take the place of those on the way to `path`, to something beside what they lead to now.
    void links_to(const fs::path& path);
    // A call on a file system that hangs would not return, so nothing on it is looked at.
    [[nodiscard]] const Mount* hanging_at(const fs::path& path) const {
        return mounts_.reach(path.string(), read_real_link).hanging;
    }

    const MountTable mounts_ = MountTable::now();
    bool lasting_;
    std::vector<Grant> grants_;
};

void Places::links_to(const fs::path& path) {
    fs::path step;
    for (const fs::path& part : path) {
        step /= part;
        std::error_code unknown;
        if (fs::is_symlink(step, unknown) && !is_shared(step.parent_path()))
            standing_in(real(step).parent_path(), Access::read);
    }
}

void Places::target(const Target& target) {
    const fs::path path = absolute(target.path);
    if (const Mount* hanging = hanging_at(path)) {
        fs::path around;
        for (; hanging != nullptr; hanging = hanging_at(around))
            around = fs::path(hanging->point).parent_path();
        return add(around, Access::read);
    }
    links_to(path);
    if (has_glob(target.path)) {
        fs::path fixed;
        for (const fs::path& part : path) {
            if (has_glob(part.string())) break;
            fixed /= part;
        }
        return directory(fixed, Access::read);
    }
    const fs::path above = path.parent_path();
    // A file is looked for in its directory, where it is rotated, too. What is not there yet may be either.
    if (!is_place(path)) {
        std::error_code unknown;
        if (fs::exists(path, unknown)) directory(real(path).parent_path(), Access::read);
        return directory(above, Access::read);
    }
    directory(path, Access::read);
    // It is found by its name.
    directory(above, Access::list);
    standing_in(above, Access::read);
}

std::vector<Grant> places_of(const Config& config, bool lasting) {
    Places places(lasting);
    for (const StreamConfig& stream : config.streams)
        for (const Target& target : stream.monitor.targets) places.target(target);
    if (config.state.enabled && !config.state.directory.empty()) {
        const fs::path state = absolute(config.state.directory);
        places.directory(state, Access::write);
        places.standing_in(state.parent_path(), Access::write);
    }
    if (!config.file.empty()) {
        // An editor, or a package, puts a new file in the place of the old one.
        const fs::path file = absolute(config.file);
        places.file(file);
        places.standing_in(file.parent_path(), Access::read);
        places.standing_in(real(file).parent_path(), Access::read);
    }
    if (!lasting) return places.take();
    // A directory that is not there is no reason to read the one above it.
    for (const std::string& path : config.security.readable)
        if (is_place(path)) places.directory(path, Access::read);
    // Local time on the console.
    places.file("/etc/localtime");
    if (is_place("/usr/share/zoneinfo")) places.directory("/usr/share/zoneinfo", Access::read);
    return places.take();
}

bool covers(const Grant& granted, const Grant& needed) {
    return granted.access >= needed.access && lies_in(needed.path, granted.path);
}

}  // namespace

std::vector<Grant> needed_places(const Config& config) { return places_of(config, false); }

std::vector<Grant> granted_places(const Config& config) { return places_of(config, true); }

Confinement confinement_of(const std::vector<Grant>& granted) {
    if (granted.empty()) return {};
    std::vector<Confinement::Place> places;
    places.reserve(granted.size());
    for (const Grant& grant : granted)
        places.push_back(
            {grant.path, grant.access == Access::list ? Wanted::names : Wanted::contents});
    return Confinement(places);
}

std::vector<WidePlace> wide_places(const StreamConfig& stream) {
    std::vector<WidePlace> wide;
    for (const Target& target : stream.monitor.targets) {
        Places places(true);
        places.target(target);
        for (const Grant& grant : places.take()) {
            if (grant.access == Access::list || !holds_more_than_logs(grant.path)) continue;
            wide.push_back({&target, grant.path,
                            fmt::format("\"{}\" lets the service read all of \"{}\": logs should "
                                        "lie in a directory of their own, there before the start",
                                        target.path, grant.path)});
        }
    }
    return wide;
}

std::string place_outside(const Config& config, const std::vector<Grant>& granted) {
    for (const Grant& needed : needed_places(config)) {
        const bool inside =
            std::any_of(granted.begin(), granted.end(),
                        [&needed](const Grant& grant) { return covers(grant, needed); });
        if (!inside) return needed.path;
    }
    return {};
}

}  // namespace logwisp
