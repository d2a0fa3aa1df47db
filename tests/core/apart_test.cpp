// A core apart that hangs holds up nobody: readers of its streams come, hear, ask and go while it does, those of other streams do not
// notice, and when it goes on everything is there once. On every backend, with one, two and three cores that serve.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/hanging_files.hpp"
#include "core/running_cores.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Client;

class Apart : public testing::TestWithParam<std::tuple<BackendChoice, std::size_t>> {
  protected:
    Apart()
        : cores(std::get<0>(GetParam()), std::get<1>(GetParam()),
                std::make_unique<test::HangingFiles>(gate)) {
        config.streams.push_back(test::stream_config("far", far_directory.path));
        config.streams.push_back(test::stream_config("near", near_directory.path));
        for (StreamConfig& stream : config.streams) stream.monitor.check_interval_ms = 10;
    }
    ~Apart() override { gate.go(); }

    [[nodiscard]] std::uint16_t far() const { return config.streams[0].http.port; }
    [[nodiscard]] std::uint16_t near() const { return config.streams[1].http.port; }
    [[nodiscard]] StreamInfo& far_info() const { return *cores.plan().streams[0]; }
    [[nodiscard]] bool near_is_ready() const {
        return test::within_deadline(
            [this] { return cores.plan().streams[1]->monitor.ready.load(); });
    }
    static std::vector<std::unique_ptr<Client>> readers(std::uint16_t port) {
        std::vector<std::unique_ptr<Client>> all;
        for (int index = 0; index < 8; ++index) {
            all.push_back(std::make_unique<Client>(port));
            all.back()->get("/stream?tail=1000");
        }
        for (auto& reader : all) EXPECT_TRUE(reader->hears("event: connected")) << reader->heard;
        return all;
    }
    // What the control thread does when it hears nothing.
    void say_stalled() {
        far_info().monitor.stalled_since_us = 1'700'000'000'000'000;
        for (std::size_t core = 0; core < std::get<1>(GetParam()); ++core)
            cores.tell(core, [](Core& told) { told.notice_stall(); });
    }

    test::Directory far_directory;
    test::Directory near_directory;
    Config config;
    test::HangingFiles::Switch gate;
    test::RunningCores cores;
};

INSTANTIATE_TEST_SUITE_P(Backends, Apart,
                         testing::Combine(testing::ValuesIn(test::backend_choices()),
                                          testing::Values(std::size_t{1}, std::size_t{2},
                                                          std::size_t{3})));

TEST_P(Apart, ItsReadersGetEverythingOnceWhetherItHungOrNot) {
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    far_directory.append("a.log", "one\ntwo\n");
    auto all = readers(far());
    for (auto& reader : all) ASSERT_TRUE(reader->hears("\"two\"")) << reader->heard;
    gate.hang();
    ASSERT_TRUE(gate.somebody_hangs());
    far_directory.append("a.log", "three\n");
    for (auto& reader : readers(far())) {
        EXPECT_TRUE(reader->hears("\"two\"")) << reader->heard;
        EXPECT_EQ(reader->heard.find("\"three\""), std::string::npos);
    }
    auto others = readers(near());
    near_directory.append("a.log", "nothing hangs here\n");
    for (auto& reader : others) EXPECT_TRUE(reader->hears("nothing hangs here")) << reader->heard;
    gate.go();
    far_directory.append("a.log", "four\n");
    for (auto& reader : all) {
        ASSERT_TRUE(reader->hears("\"four\"")) << reader->heard;
        for (const char* line : {"\"one\"", "\"two\"", "\"three\"", "\"four\""})
            EXPECT_EQ(reader->heard.find(line), reader->heard.rfind(line)) << reader->heard;
        EXPECT_LT(reader->heard.find("\"three\""), reader->heard.find("\"four\""));
        EXPECT_EQ(reader->heard.find("event: gap"), std::string::npos) << reader->heard;
    }
}

TEST_P(Apart, OneThatHangsFromItsFirstCallOn) {
    gate.hang();
    cores.apply(config);
    ASSERT_TRUE(gate.somebody_hangs());
    ASSERT_TRUE(near_is_ready());
    auto all = readers(far());
    gate.go();
    ASSERT_TRUE(cores.ready());
    far_directory.append("a.log", "first\n");
    for (auto& reader : all) EXPECT_TRUE(reader->hears("\"first\"")) << reader->heard;
}

TEST_P(Apart, StatusIsAnsweredWithoutIt) {
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    gate.hang();
    ASSERT_TRUE(gate.somebody_hangs());
    std::vector<std::unique_ptr<Client>> askers;
    for (int index = 0; index < 8; ++index) {
        askers.push_back(std::make_unique<Client>(far()));
        askers.back()->get("/status");
    }
    say_stalled();
    for (auto& asker : askers)
        EXPECT_TRUE(asker->hears("\"answers\":false,\"silent_since\":\"2023-11-14T22:13:20Z\""))
            << asker->heard;
    Client after(far());
    after.get("/status");
    EXPECT_TRUE(after.hears("\"answers\":false")) << after.heard;
    after.get("/readyz");
    EXPECT_TRUE(after.hears("\"ready\"")) << after.heard;
}

// Its readers are told at once; the stream itself goes, and comes, when it can.
TEST_P(Apart, AReloadWhileItHangs) {
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    auto all = readers(far());
    gate.hang();
    ASSERT_TRUE(gate.somebody_hangs());
    say_stalled();
    Config changed = config;
    changed.streams[0].http.buffer_entries = 99;
    cores.apply(changed);
    for (auto& reader : all) {
        EXPECT_TRUE(reader->hears("event: disconnect\ndata: {\"reason\":\"stream_changed\"}"))
            << reader->heard;
        EXPECT_TRUE(reader->hears_the_end());
    }
    far_directory.append("a.log", "meanwhile\n");
    gate.go();
    ASSERT_TRUE(cores.ready());
    auto again = readers(far());
    far_directory.append("a.log", "afterwards\n");
    for (auto& reader : again) {
        EXPECT_TRUE(reader->hears("\"afterwards\"")) << reader->heard;
        EXPECT_NE(reader->heard.find("\"meanwhile\""), std::string::npos) << reader->heard;
    }
}

TEST_P(Apart, AStopWhileItHangsTellsItsReaders) {
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    auto all = readers(far());
    gate.hang();
    ASSERT_TRUE(gate.somebody_hangs());
    cores.tell_stop(20'000);
    say_stalled();
    for (auto& reader : all) {
        EXPECT_TRUE(reader->hears("event: disconnect\ndata: {\"reason\":\"server_shutdown\"}"))
            << reader->heard;
        EXPECT_TRUE(reader->hears_the_end());
    }
    all.clear();
    cores.join_serving();
    gate.go();
    cores.join();
}

}  // namespace
}  // namespace logwisp
