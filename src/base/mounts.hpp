// What is mounted where, and which of it may stop answering: a file system whose other side is a
// network, a process or a host. A call on one that hangs does not return, so it is recognised by the
// mount table alone, never by asking it. Values; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

struct Mount {
    std::string point;
    std::string type;  // "nfs4", "fuse.sshfs"
    friend bool operator==(const Mount&, const Mount&) = default;
};

// By a mount's type.
bool may_hang(std::string_view type);

// What a symbolic link says; empty: `path` is no link.
using ReadLink = std::function<std::optional<std::string>(const std::string& path)>;

class MountTable {
  public:
    // As /proc/self/mountinfo has it.
    explicit MountTable(std::string_view mountinfo);
    // What is mounted now; empty when that cannot be read.
    static MountTable now();

    // Those that may hang. What is mounted at "/" is none of them: when it hangs, so does all else.
    [[nodiscard]] const std::vector<Mount>& hanging() const { return hanging_; }

    // Where `path` (absolute) leads, as far as that can be said without asking a file system that may
    // hang: to one, or to a path that lies on none.
    struct Reached {
        const Mount* hanging = nullptr;
        std::string path;
    };
    [[nodiscard]] Reached reach(std::string_view path, const ReadLink& read_link) const;

  private:
    [[nodiscard]] const Mount* hanging_at(std::string_view path) const;

    std::vector<Mount> all_;
    std::vector<Mount> hanging_;
};

// readlink(2).
std::optional<std::string> read_real_link(const std::string& path);

}  // namespace logwisp
