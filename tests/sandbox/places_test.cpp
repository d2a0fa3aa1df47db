// Granted is what the targets name, where their links lead, and the directory above what may be made again; a reload is held against it.
// Method: real directories and links; what the service opens is where TargetPlan looks.
#include <gtest/gtest.h>

#include <algorithm>

#include "sandbox/places.hpp"
#include "sandbox/temporary_directory.hpp"
#include "tail/targets.hpp"

namespace logwisp {
namespace {

Config following(const std::vector<std::string>& paths) {
    Config config;
    config.security.readable.clear();
    StreamConfig& stream = config.streams.emplace_back();
    for (const std::string& path : paths) stream.monitor.targets.emplace_back().path = path;
    return config;
}

bool grants(const Config& config, const std::string& path, Access access) {
    const auto granted = granted_places(config);
    return std::any_of(granted.begin(), granted.end(), [&](const Grant& grant) {
        return grant.path == path && grant.access == access;
    });
}

class Places : public ::testing::Test {
  protected:
    test::TemporaryDirectory files_;
};

TEST_F(Places, are_the_targets_directory_and_the_one_it_stands_in) {
    const std::string logs = files_.directory("app/logs");
    const Config config = following({logs});
    EXPECT_TRUE(grants(config, logs, Access::read));
    EXPECT_TRUE(grants(config, files_.path("app"), Access::read));
    EXPECT_FALSE(grants(config, files_.path(), Access::read));
    EXPECT_TRUE(grants(following({files_.file("one/app.log")}), files_.path("one"), Access::read));
    EXPECT_FALSE(grants(following({files_.path("one/app.log")}), files_.path(), Access::read));
    EXPECT_TRUE(grants(following({files_.path("app/*/x.log")}), files_.path("app"), Access::read));
}

TEST_F(Places, that_everything_stands_in_are_only_listed) {
    const Config config = following({files_.path()});
    const std::string above = std::filesystem::path(files_.path()).parent_path();
    if (above != "/tmp") return;  // TMPDIR is elsewhere
    EXPECT_TRUE(grants(config, "/tmp", Access::list));
    EXPECT_FALSE(grants(config, "/tmp", Access::read));
    EXPECT_TRUE(grants(following({"/var"}), "/", Access::list));
}

TEST_F(Places, of_what_is_not_there_yet_are_the_nearest_that_are) {
    files_.directory("srv");
    EXPECT_TRUE(
        grants(following({files_.path("srv/app/logs/x.log")}), files_.path("srv"), Access::read));
    EXPECT_TRUE(grants(following({"/nowhere-at-all/logs/x.log"}), "/", Access::read));
}

TEST_F(Places, are_where_links_lead_and_what_another_link_may_lead_to) {
    files_.file("data/releases/1/log/x.log");
    files_.directory("srv/app");
    files_.link("srv/app/current", files_.path("data/releases/1"));
    const Config config = following({files_.path("srv/app/current/log")});
    EXPECT_TRUE(grants(config, files_.path("data/releases/1/log"), Access::read));
    EXPECT_TRUE(grants(config, files_.path("data/releases"), Access::read));

    files_.file("other/real.log");
    const Config of_a_file = following({files_.link("srv/x.log", files_.path("other/real.log"))});
    EXPECT_TRUE(grants(of_a_file, files_.path("other"), Access::read));
    EXPECT_TRUE(grants(of_a_file, files_.path("srv"), Access::read));
}

TEST_F(Places, of_the_state_are_written_and_that_of_the_configuration_is_read) {
    Config config = following({});
    config.state.enabled = true;
    config.state.directory = files_.directory("lib/state");
    config.file = files_.file("etc/logwisp.toml");
    EXPECT_TRUE(grants(config, files_.path("lib/state"), Access::write));
    EXPECT_TRUE(grants(config, files_.path("lib"), Access::write));
    EXPECT_TRUE(grants(config, files_.path("etc"), Access::read));
    config.state.directory = "/var/lib/logwisp";
    EXPECT_FALSE(grants(config, "/var", Access::write));
    config.file = "/etc/hostname";
    EXPECT_FALSE(grants(config, "/etc", Access::read));
}

TEST_F(Places, that_hold_more_than_logs_are_told) {
    const auto told = [](const std::string& path) {
        const Config config = following({path});
        std::vector<std::string> directories;
        for (const WidePlace& wide : wide_places(config.streams[0])) {
            EXPECT_EQ(wide.target, config.streams[0].monitor.targets.data());
            EXPECT_NE(wide.text.find("lets the service read all of \"" + wide.directory + "\""),
                      std::string::npos);
            directories.push_back(wide.directory);
        }
        return directories;
    };
    using List = std::vector<std::string>;
    EXPECT_EQ(told("/etc/hostname"), List{"/etc"});
    EXPECT_EQ(told("/etc/not-there-at-all/x.log"), List{"/etc"});
    EXPECT_EQ(told("/etc"), List{"/etc"});
    EXPECT_EQ(told("/var/lib/not-there-at-all.log"), List{"/var/lib"});
    EXPECT_EQ(told("/nowhere-at-all/x.log"), List{"/"});
    EXPECT_EQ(told("/var/log"), List{});
    EXPECT_EQ(told(files_.file("logs/x.log")), List{});
    // By where a link leads.
    EXPECT_EQ(told(files_.link("logs/y.log", "/etc/hostname")), List{"/etc"});
}

TEST_F(Places, of_a_reload_are_inside_or_named) {
    for (const char* name : {"srv/a/logs", "srv/a/more", "srv/b/logs", "spare/x"})
        files_.directory(name);
    Config config = following({files_.path("srv/a/logs")});
    const auto granted = granted_places(config);
    const auto outside = [&](const std::string& path) {
        return place_outside(following({files_.path("srv/a/logs"), path}), granted);
    };
    EXPECT_EQ(outside(files_.path("srv/a/more")), "");
    EXPECT_EQ(outside(files_.path("srv/a/later/x.log")), "");
    EXPECT_EQ(outside(files_.path("srv/b/logs")), files_.path("srv/b/logs"));
    EXPECT_EQ(outside(files_.path("srv/ab.log")), files_.path("srv"));
    EXPECT_EQ(outside("/nowhere-at-all/x.log"), "/");

    config.security.readable = {files_.path("srv/b"), files_.path("not there")};
    const auto more = granted_places(config);
    EXPECT_EQ(place_outside(following({files_.path("srv/b/logs/x.log")}), more), "");
    EXPECT_EQ(place_outside(following({files_.path("not there/x.log")}), more), files_.path());
    EXPECT_EQ(place_outside(following({files_.path("spare/x")}), more), files_.path("spare/x"));
}

// Where following looks for names must be listed, what it finds be read.
TEST_F(Places, are_all_that_following_looks_into) {
    files_.file("logs/app/x.log");
    for (const std::string& path :
         {files_.path("logs"), files_.path("logs/"), files_.path("logs/app/x.log"),
          files_.path("logs/*/x.log"), files_.path("logs/app/../app"), files_.path("logs/..")}) {
        const Config config = following({path});
        const auto granted = granted_places(config);
        const std::string root =
            std::filesystem::canonical(TargetPlan(config.streams[0].monitor.targets[0]).root());
        const bool listed = std::any_of(granted.begin(), granted.end(), [&](const Grant& grant) {
            return (root + "/").starts_with(grant.path == "/" ? "/" : grant.path + "/");
        });
        EXPECT_TRUE(listed) << path << ": " << root;
    }
}

}  // namespace
}  // namespace logwisp
