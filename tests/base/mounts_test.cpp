// What may hang is known from the mount table alone, and no path that lies on it is ever asked for a link. Method: tables as the kernel
// writes them, and links of our own that complain when they are asked for what they must not be.
#include "base/mounts.hpp"
#include "base/path.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace logwisp {
namespace {

constexpr const char* table =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "23 22 0:21 / /proc rw shared:5 - proc proc rw\n"
    "40 22 0:35 / /mnt/logs rw,relatime shared:20 master:3 - nfs4 server:/logs rw,vers=4.2\n"
    "41 40 254:3 / /mnt/logs/local rw - xfs /dev/vdb rw\n"
    "42 22 0:40 / /mnt/with\\040space\\134 rw - fuse.sshfs host: rw\n"
    "43 22 0:41 / /auto rw - autofs systemd-1 rw\n"
    "44 43 0:42 / /auto rw - cifs //server/share rw\n"
    "45 22 0:43 / /mnt/logs2 rw - tmpfs none rw\n"
    "46 22 broken\n";

// Links by path; nothing else is one, and whoever asks below `forbidden` fails.
ReadLink links(const std::map<std::string, std::string>& known) {
    return [known](const std::string& path) -> std::optional<std::string> {
        EXPECT_FALSE(lies_in(path, "/mnt/logs") && !lies_in(path, "/mnt/logs/local")) << path;
        EXPECT_FALSE(lies_in(path, "/auto")) << path;
        const auto found = known.find(path);
        return found == known.end() ? std::nullopt : std::optional(found->second);
    };
}

std::string hanging(const MountTable& mounts, const std::string& path,
                    const std::map<std::string, std::string>& known = {}) {
    const auto reached = mounts.reach(path, links(known));
    return reached.hanging != nullptr ? reached.hanging->point + " " + reached.hanging->type
                                      : "not: " + reached.path;
}

TEST(Mounts, TheLongestPointAndTheOneAboveCount) {
    const MountTable mounts(table);
    EXPECT_EQ(hanging(mounts, "/var/log/app.log"), "not: /var/log/app.log");
    EXPECT_EQ(hanging(mounts, "/mnt/logs"), "/mnt/logs nfs4");
    EXPECT_EQ(hanging(mounts, "/mnt/logs/a/b"), "/mnt/logs nfs4");
    EXPECT_EQ(hanging(mounts, "/mnt/logs2/a"), "not: /mnt/logs2/a");
    EXPECT_EQ(hanging(mounts, "/mnt/with space\\/a"), "/mnt/with space\\ fuse.sshfs");
    EXPECT_EQ(hanging(mounts, "/auto/x"), "/auto cifs");
    EXPECT_EQ(hanging(mounts, "//mnt/./logs//a"), "/mnt/logs nfs4");
    EXPECT_EQ(hanging(mounts, "/mnt/logs2/../logs/a"), "/mnt/logs nfs4");
    EXPECT_EQ(hanging(mounts, "/.."), "not: /");
}

// What lies below a mount that may hang is reached through it.
TEST(Mounts, AMountBelowOneThatMayHangIsReachedThroughIt) {
    EXPECT_EQ(hanging(MountTable(table), "/mnt/logs/local/a"), "/mnt/logs nfs4");
}

TEST(Mounts, LinksAreFollowedAsFarAsTheyHoldGround) {
    const MountTable mounts(table);
    EXPECT_EQ(hanging(mounts, "/var/log/app/x.log", {{"/var/log/app", "/mnt/logs/app"}}),
              "/mnt/logs nfs4");
    EXPECT_EQ(hanging(mounts, "/a/x", {{"/a", "b"}, {"/b", "mnt/../auto"}}), "/auto cifs");
    EXPECT_EQ(hanging(mounts, "/a/x.log", {{"/a/x.log", "../c/y.log"}}), "not: /c/y.log");
    // A loop ends.
    EXPECT_EQ(hanging(mounts, "/a", {{"/a", "/b"}, {"/b", "/a"}}).substr(0, 4), "not:");
}

TEST(Mounts, ARootThatMayHangIsNoneOfThem) {
    const MountTable mounts("1 0 0:1 / / rw - fuse.fuse-overlayfs x rw\n");
    EXPECT_TRUE(mounts.hanging().empty());
    EXPECT_EQ(hanging(mounts, "/var/log/a"), "not: /var/log/a");
}

TEST(Mounts, TypesThatMayHang) {
    for (const char* type : {"nfs", "nfs4", "cifs", "fuse", "fuse.s3fs", "fuseblk", "9p", "ceph",
                             "autofs", "virtiofs"})
        EXPECT_TRUE(may_hang(type)) << type;
    for (const char* type : {"ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fusectl", "nfsd"})
        EXPECT_FALSE(may_hang(type)) << type;
}

}  // namespace
}  // namespace logwisp
