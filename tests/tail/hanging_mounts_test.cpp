// Which mounts a target leads onto, through its links, its globs and its directories.
#include "tail/hanging_mounts.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logwisp {
namespace {

const MountTable mounts(
    "1 0 254:0 / / rw - ext4 x rw\n"
    "2 1 0:1 / /mnt/a rw - nfs4 x rw\n"
    "3 1 0:2 / /mnt/b/logs rw - fuse.sshfs x rw\n"
    "4 1 0:3 / /srv/deep/down rw - cifs x rw\n");

std::string found(const Target& target) {
    std::string points;
    for (const Mount& mount : hanging_mounts_of(
             target, mounts, [](const std::string& path) -> std::optional<std::string> {
                 if (path == "/var/log/far") return "/mnt/a/far";
                 return std::nullopt;
             }))
        points += mount.point + " ";
    return points;
}

std::string found(const std::string& path) {
    Target target;
    target.path = path;
    return found(target);
}

TEST(HangingMounts, OfAPath) {
    EXPECT_EQ(found("/var/log"), "");
    EXPECT_EQ(found("/var/log/app.log"), "");
    EXPECT_EQ(found("/mnt/a"), "/mnt/a ");
    EXPECT_EQ(found("/mnt/a/b/c.log"), "/mnt/a ");
    EXPECT_EQ(found("/var/log/far"), "/mnt/a ");
    EXPECT_EQ(found("/var/log/far/*.log"), "/mnt/a ");
}

TEST(HangingMounts, OfAGlob) {
    EXPECT_EQ(found("/mnt/*"), "/mnt/a ");
    EXPECT_EQ(found("/mnt/*/logs"), "/mnt/a /mnt/b/logs ");
    EXPECT_EQ(found("/mnt/[b-z]/logs/app.log"), "/mnt/b/logs ");
    EXPECT_EQ(found("/mnt/*/other"), "/mnt/a ");
    EXPECT_EQ(found("/mnt/x*"), "");
    EXPECT_EQ(found("/*/b/*"), "/mnt/b/logs ");
}

TEST(HangingMounts, OfADirectoryOnlyWithAllBelowIt) {
    Target target;
    target.path = "/srv";
    EXPECT_EQ(found(target), "");
    target.recursive = true;
    EXPECT_EQ(found(target), "/srv/deep/down ");
    target.is_file = true;
    EXPECT_EQ(found(target), "");
    Target all;
    all.path = "/";
    all.recursive = true;
    EXPECT_EQ(found(all), "/mnt/a /mnt/b/logs /srv/deep/down ");
}

}  // namespace
}  // namespace logwisp
