// A stop with more streams ending at once than a mailbox has room for. Not in builds with sanitizers, in which so many streams take minutes.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/running_cores.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Client;

// Their core is told that this was all even when it takes nothing for a while and more streams end than its mailbox has room for.
TEST(Stopping, EverybodyIsToldThoughACoreIsBusy) {
    test::Directory directory;
    Config config;
    for (int index = 0; index < 680; ++index) {
        StreamConfig stream = test::stream_config("s" + std::to_string(index), directory.path);
        stream.tcp.enabled = false;
        stream.http.buffer_entries = 16;
        config.streams.push_back(std::move(stream));
    }
    config.router.enabled = true;
    config.router.host = "127.0.0.1";
    config.router.port = test::free_port();
    test::RunningCores cores(BackendChoice::epoll, 2);
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    std::vector<std::unique_ptr<Client>> readers;
    for (const auto& info : cores.plan().streams) {
        if (info->home_core != 0) continue;
        for (int reader = 0; reader < 2; ++reader) {
            readers.push_back(std::make_unique<Client>(config.router.port));
            readers.back()->get("/" + info->config.name + "/stream");
            ASSERT_TRUE(readers.back()->hears("event: connected")) << readers.back()->heard;
        }
    }
    std::promise<void> go_on;
    std::atomic<bool> busy = false;
    cores.tell(1, [&, until = go_on.get_future().share()](Core&) {
        busy = true;
        until.wait();
    });
    while (!busy) std::this_thread::yield();
    // The home core has had turns enough to say all it can.
    cores.tell_stop(20'000);
    for (int turn = 0; turn < 10; ++turn) {
        std::promise<void> turned;
        cores.tell(0, [&](Core&) { turned.set_value(); });
        turned.get_future().wait();
    }
    go_on.set_value();
    std::size_t told = 0;
    std::size_t silent = 0;
    for (const auto& reader : readers) {
        if (reader->hears("server_shutdown"))
            ++told;
        else
            ++silent;
        reader->hears_the_end();
    }
    readers.clear();
    cores.join();
    EXPECT_EQ(silent, 0u);
    EXPECT_EQ(told, 680u);
}

}  // namespace
}  // namespace logwisp
