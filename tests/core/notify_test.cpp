// The service manager hears what sd_notify(3) would have said, on path and abstract sockets; without a usable one nothing happens.
#include "core/notify.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace logwisp {
namespace {

class Manager {
  public:
    explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof address.sun_path);
        if (name[0] == '@') address.sun_path[0] = '\0';
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), bytes), 0);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    ~Manager() {
        ::close(socket_);
        ::unsetenv("NOTIFY_SOCKET");
    }
    std::string heard() {
        char bytes[512];
        const ssize_t count = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
        return count < 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(count));
    }

  private:
    int socket_;
};

TEST(Notify, SaysWhatTheManagerExpects) {
    const std::string path = "/tmp/logwisp-notify-" + std::to_string(::getpid());
    for (const std::string& name : {path, "@logwisp-notify-" + std::to_string(::getpid())}) {
        Manager manager(name);
        const Notifier notifier;
        notifier.ready("well");
        EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=well\n");
        notifier.reloading();
        const std::string reloading = manager.heard();
        EXPECT_EQ(reloading.rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0u) << reloading;
        EXPECT_GT(std::stoull(reloading.substr(reloading.rfind('=') + 1)), 0u);
        notifier.stopping();
        EXPECT_EQ(manager.heard(), "STOPPING=1\n");
        notifier.watchdog();
        EXPECT_EQ(manager.heard(), "WATCHDOG=1\n");
        ::unlink(path.c_str());
    }
}

TEST(Notify, IsHeardWhenThereAreNoDescriptorsLeft) {
    Manager manager("@logwisp-notify-" + std::to_string(::getpid()));
    const Notifier notifier;
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_LT(::dup(STDERR_FILENO), 0);
    notifier.watchdog();
    EXPECT_EQ(manager.heard(), "WATCHDOG=1\n");
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Notify, AManagerThatIsNotThereIsNoFailure) {
    for (const char* name : {"", "relative", "/nowhere/at/all", "@nobody-listens-here"}) {
        ::setenv("NOTIFY_SOCKET", name, 1);
        Notifier().ready("well");
    }
    ::setenv("NOTIFY_SOCKET", std::string(300, '/').c_str(), 1);
    Notifier().ready("well");
    ::unsetenv("NOTIFY_SOCKET");
    Notifier().ready("well");
}

TEST(Notify, FeedsTheWatchdogTwiceAsOftenAsItMust) {
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    EXPECT_EQ(Notifier().watchdog_interval_ms(), 15'000u);
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_EQ(Notifier().watchdog_interval_ms(), 0u) << "meant for another process";
    ::unsetenv("WATCHDOG_PID");
    ::setenv("WATCHDOG_USEC", "soon", 1);
    EXPECT_EQ(Notifier().watchdog_interval_ms(), 0u);
    ::unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace logwisp
