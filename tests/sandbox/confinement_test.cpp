// What is told of the sandbox is what the kernel does: a refusal is called the sandbox's where it is, and one of permissions is not. Method:
// a forked child restricts itself and tries each path, beside what Confinement says of it. Where the kernel has no Landlock there is nothing to
// show.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sandbox/in_child.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/places.hpp"
#include "sandbox/temporary_directory.hpp"

namespace logwisp {
namespace {

namespace fs = std::filesystem;

bool opens(const std::string& path, Wanted wanted) {
    if (wanted == Wanted::names) {
        DIR* const directory = ::opendir(path.c_str());
        if (directory != nullptr) ::closedir(directory);
        return directory != nullptr;
    }
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) ::close(file);
    return file >= 0;
}

class ConfinementTest : public ::testing::Test {
  protected:
    // The child's body, confined to "read" and "listed" and as an ordinary user.
    int confined(const std::function<int(const Confinement&)>& body) {
        if (!landlock_abi()) return 0;
        return test::in_child([&] {
            const std::vector<Grant> granted = {{files_.path("read"), Access::read},
                                                {files_.path("listed"), Access::list}};
            const Confinement confinement = confinement_of(granted);
            if (!restrict_files(granted, false)) return 100;
            if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 101;
            return body(confinement);
        });
    }
    void SetUp() override {
        for (const char* name : {"read/deep/a.log", "listed/b.log", "outside/c.log"})
            files_.file(name);
        files_.link("read/inside.log", "deep/a.log");
        files_.link("read/planted.log", files_.path("outside/c.log"));
        ::chmod(files_.path().c_str(), 0755);
    }
    test::TemporaryDirectory files_;
};

TEST_F(ConfinementTest, says_of_each_path_what_the_kernel_does) {
    EXPECT_EQ(confined([&](const Confinement& confinement) {
                  int number = 0;
                  for (const char* name :
                       {"read/deep/a.log", "read/inside.log", "read/planted.log", "listed/b.log",
                        "outside/c.log", "outside/../read/deep/a.log"}) {
                      ++number;
                      const std::string path = files_.path(name);
                      const bool opened = opens(path, Wanted::contents);
                      if (confinement.lets(path, Wanted::contents) != opened) return number;
                      if (confinement.why_denied(path, Wanted::contents).empty() != opened)
                          return number;
                  }
                  for (const char* name : {"read", "read/deep", "listed", "outside", "."}) {
                      ++number;
                      if (confinement.lets(files_.path(name), Wanted::names) !=
                          opens(files_.path(name), Wanted::names))
                          return number;
                  }
                  return 0;
              }),
              0);
}

TEST_F(ConfinementTest, blames_permissions_for_what_they_forbid) {
    if (::geteuid() == 0) {
        ::chmod(files_.path("outside/c.log").c_str(), 0600);
        ::chmod(files_.path("read/deep/a.log").c_str(), 0600);
    } else {
        ::chmod(files_.path("outside/c.log").c_str(), 0);
        ::chmod(files_.path("read/deep/a.log").c_str(), 0);
    }
    EXPECT_EQ(confined([&](const Confinement& confinement) {
                  int number = 0;
                  for (const char* name : {"read/deep/a.log", "read/planted.log"}) {
                      ++number;
                      const Error error{EACCES, "open", {}};
                      if (opens(files_.path(name), Wanted::contents)) return number;
                      if (confinement.text(error, files_.path(name), Wanted::contents) !=
                          "open: Permission denied")
                          return 10 + number;
                  }
                  return 0;
              }),
              0);
}

TEST_F(ConfinementTest, a_directory_made_anew_is_another_one) {
    if (!landlock_abi()) return;
    const Confinement confinement = confinement_of({{files_.path("read"), Access::read}});
    // As the kernel keeps the one that it was told of.
    fs::rename(files_.path("read"), files_.path("before"));
    files_.file("read/deep/a.log");
    EXPECT_FALSE(confinement.lets(files_.path("read/deep/a.log"), Wanted::contents));
    EXPECT_TRUE(confinement.lets(files_.path("before/deep/a.log"), Wanted::contents));
    const auto why = [&](const std::string& name) {
        return confinement.why_denied(files_.path(name), Wanted::contents);
    };
    EXPECT_NE(why("read/deep/a.log").find("made anew since the start"), std::string::npos);
    EXPECT_EQ(why("read/deep/a.log").find("security.readable"), std::string::npos);
    EXPECT_NE(why("outside/c.log").find("security.readable"), std::string::npos);
    EXPECT_EQ(Confinement().why_denied(files_.path("outside/c.log"), Wanted::contents), "");
}

}  // namespace
}  // namespace logwisp
