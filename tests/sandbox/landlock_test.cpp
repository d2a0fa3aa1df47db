// Only what was granted can be opened, by every thread, whatever link leads there. Method: a forked child restricts itself and tries. Where
// the kernel has no Landlock there is nothing to show.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <thread>

#include "sandbox/in_child.hpp"
#include "sandbox/landlock.hpp"
#include "sandbox/temporary_directory.hpp"

namespace logwisp {
namespace {

// 0, or the error.
int opened(const std::string& path, int flags = O_RDONLY) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    ::close(file);
    return 0;
}

class Landlock : public ::testing::Test {
  protected:
    // The body runs with the files of this test granted; skipped without Landlock.
    int restricted(const std::function<int(int abi)>& body) {
        if (!landlock_abi()) return 0;
        return test::in_child([&] {
            const auto abi = restrict_files({{files_.path("read"), Access::read},
                                             {files_.path("listed"), Access::list},
                                             {files_.path("state"), Access::write},
                                             {files_.path("single"), Access::read},
                                             {files_.path("not there"), Access::read}},
                                            false);
            return abi ? body(*abi) : 100;
        });
    }
    void SetUp() override {
        for (const char* name : {"read/deep/a.log", "listed/b.log", "state/ledger", "single",
                                 "outside/secret", "read/program"})
            files_.file(name);
        ::chmod(files_.path("read/program").c_str(), 0755);
        files_.link("read/planted.log", files_.path("outside/secret"));
        files_.link("read/elsewhere", files_.path("outside"));
        files_.link("outside/back", files_.path("read/deep/a.log"));
    }
    test::TemporaryDirectory files_;
};

TEST_F(Landlock, reads_what_is_granted_and_nothing_else_by_any_link) {
    EXPECT_EQ(restricted([&](int) {
                  if (opened(files_.path("read/deep/a.log")) != 0) return 1;
                  if (opened(files_.path("single")) != 0) return 2;
                  if (opened(files_.path("outside/back")) != 0) return 3;
                  if (opened(files_.path("outside/secret")) != EACCES) return 4;
                  if (opened(files_.path("read/planted.log")) != EACCES) return 5;
                  if (opened(files_.path("read/elsewhere/secret")) != EACCES) return 6;
                  if (opened(files_.path("read/../outside/secret")) != EACCES) return 7;
                  if (opened("/etc/passwd") != EACCES) return 8;
                  if (opened("/proc/self/mem") != EACCES) return 9;
                  if (opened(files_.path("listed")) != 0) return 10;
                  if (opened(files_.path("listed/b.log")) != EACCES) return 11;
                  if (opened(files_.path("outside")) != EACCES) return 12;
                  return 0;
              }),
              0);
}

TEST_F(Landlock, writes_where_its_state_is_and_executes_nothing) {
    EXPECT_EQ(restricted([&](int) {
                  if (opened(files_.path("state/new"), O_RDWR | O_CREAT) != 0) return 1;
                  if (::rename(files_.path("state/new").c_str(),
                               files_.path("state/ledger").c_str()) != 0)
                      return 2;
                  if (::truncate(files_.path("state/ledger").c_str(), 0) != 0) return 3;
                  if (::mkdir(files_.path("state/again").c_str(), 0700) != 0) return 4;
                  if (::unlink(files_.path("state/ledger").c_str()) != 0) return 5;
                  if (opened(files_.path("read/deep/a.log"), O_RDWR) != EACCES) return 6;
                  if (opened(files_.path("read/new"), O_RDWR | O_CREAT) != EACCES) return 7;
                  if (::unlink(files_.path("read/deep/a.log").c_str()) == 0) return 8;
                  char* none[] = {nullptr};
                  ::execve(files_.path("read/program").c_str(), none, none);
                  if (errno != EACCES) return 9;
                  return 0;
              }),
              0);
}

TEST_F(Landlock, is_every_threads_and_lets_nobody_be_called_or_signalled) {
    EXPECT_EQ(restricted([&](int abi) {
                  int error = 0;
                  std::thread([&] { error = opened(files_.path("outside/secret")); }).join();
                  if (error != EACCES) return 1;
                  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                  sockaddr_in address{};
                  address.sin_family = AF_INET;
                  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
                      return 2;
                  address.sin_port = htons(9);
                  ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
                  if (abi >= 4 && errno != EACCES) return 3;
                  if (abi >= 6 && ::kill(::getppid(), 0) == 0) return 4;
                  return ::raise(0) == 0 ? 0 : 5;
              }),
              0);
}

TEST_F(Landlock, leaves_what_is_open_open) {
    const int before = ::open(files_.path("outside/secret").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(restricted([&](int) {
                  char byte = 0;
                  if (::pread(before, &byte, 1, 0) != 1 || byte != 't') return 1;
                  return ::ftruncate(before, 2) == 0 ? 0 : 2;
              }),
              0);
    ::close(before);
}

}  // namespace
}  // namespace logwisp
