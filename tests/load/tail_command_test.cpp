// `logwisp tail` against the real server: a terminal's worth of history and then everything that
// comes, in order and once; it hears the server's farewell. Method: both as processes, the fan-out
// program writes, the tail's output is compared line by line.
#include <gtest/gtest.h>

#include <sstream>

#include "load/load_server.hpp"

namespace logwisp::load_test {
namespace {

constexpr int lines = 5000;

// Numbers of the numbered lines in what the tail printed, in order.
std::vector<int> printed_numbers(const std::string& output) {
    std::vector<int> numbers;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);)
        if (const auto at = line.find('#'); at != std::string::npos)
            numbers.push_back(std::atoi(line.c_str() + at + 1));
    return numbers;
}

TEST(TailCommand, PrintsHistoryAndWhatComesAndHearsTheFarewell) {
    LoadServer server({.backend = Backend::epoll, .cores = 2, .buffer_entries = 50'000});
    const std::vector<std::string> writing{"--lines", std::to_string(lines), "--rate", "20000"};
    ASSERT_EQ(run_bench(server, {server.sse(), writing}).exit_code, 0);
    Program tail({LOGWISP_BINARY, "tail", "-n", std::to_string(lines), server.sse().at(1)},
                 server.folder() / "tail");
    ASSERT_TRUE(tail.printed([](const std::string& text) {
        return printed_numbers(text).size() == lines;
    })) << tail.errors();
    ASSERT_EQ(run_bench(server, {server.sse(), writing}).exit_code, 0);
    ASSERT_TRUE(tail.printed([](const std::string& text) {
        return printed_numbers(text).size() >= 2 * lines;
    })) << tail.errors();
    std::vector<int> expected;
    for (int i = 0; i < 2 * lines; ++i) expected.push_back(i % lines + 1);
    EXPECT_EQ(printed_numbers(tail.output()), expected);
    EXPECT_EQ(server.stop(), 0);
    EXPECT_TRUE(tail.told([](const std::string& text) {
        return text.find("the server is shutting down; trying again") != std::string::npos;
    })) << tail.errors();
    EXPECT_EQ(tail.end(SIGINT), 128 + SIGINT);
}

}  // namespace
}  // namespace logwisp::load_test
