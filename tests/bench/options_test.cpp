// logwisp-bench refuses what it could not measure, and says why; its help and its manual page have
// every option of its table. Method: command lines as they are typed; the page's list made again
// (LOGWISP_WRITE_DOCUMENTS=1 writes it).
#include "options.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/man_page.hpp"

namespace logwisp::bench {
namespace {

CommandLine parsed(const std::string& words) {
    std::istringstream stream("logwisp-bench " + words);
    std::vector<std::string> arguments;
    for (std::string word; stream >> word;) arguments.push_back(word);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    optind = 0;
    return parse_command_line(static_cast<int>(arguments.size()), argv.data());
}

std::string error_of(const std::string& words) { return parsed(words).error; }

const std::string base = "--sse http://127.0.0.1:8080/stream --file a.log ";

TEST(BenchOptions, GoodOnesAreTaken) {
    const CommandLine line = parsed(
        base +
        "--tcp [::1]:9090 --readers 1000 --verify 16 --rate 200 --seconds 1.5 --pid 7 --json "
        "--line-kind json --name x --chart x.svg --beside y=y.hgrm");
    EXPECT_EQ(line.error, "");
    ASSERT_EQ(line.run.endpoints.size(), 2u);
    EXPECT_EQ(line.run.endpoints[0].target, "/stream");
    EXPECT_EQ(line.run.endpoints[1].host, "::1");
    EXPECT_EQ(line.run.endpoints[1].port, "9090");
    EXPECT_EQ(line.run.readers, 1000u);
    EXPECT_EQ(line.run.verified, 16u);
    EXPECT_EQ(line.run.writer.lines, 300u);
    EXPECT_EQ(line.run.pids, std::vector<pid_t>{7});
    EXPECT_EQ(line.run.writer.line_kind, LineKind::json);
    EXPECT_TRUE(line.json);
    EXPECT_EQ(error_of(base + "--idle 1"), "");
    EXPECT_EQ(error_of("--nats 127.0.0.1:4222 --lines 1"), "");
    EXPECT_TRUE(parsed("--help").help);
    EXPECT_TRUE(parsed("--chart a.svg --beside a=a.hgrm --beside b=b.hgrm").draws_only());
}

TEST(BenchOptions, AnAddressOfIpv6IsAskedForInBrackets) {
    const CommandLine line = parsed("--sse http://[::1]:8080/stream --file a.log --lines 1");
    ASSERT_EQ(line.run.endpoints.size(), 1u);
    const std::string greeting = greeting_of(line.run.endpoints[0], "");
    EXPECT_NE(greeting.find("\r\nHost: [::1]:8080\r\n"), std::string::npos) << greeting;
}

TEST(BenchOptions, WrongOnesAreTold) {
    const std::pair<const char*, const char*> wrong[] = {
        {"--lines 10", "one of --sse, --tcp"},
        {"--sse 127.0.0.1:80 --file a --lines 1", "must be like http://"},
        {"--tcp 127.0.0.1 --file a --lines 1", "must be like 127.0.0.1:9090"},
        {"--tcp 127.0.0.1:99999 --file a --lines 1", "must be like 127.0.0.1:9090"},
        {"--tcp 127.0.0.1:9090 --lines 1", "--file is needed"},
        {"--nats 127.0.0.1:4222 --file a --lines 1", "fed over a connection"},
        {"--nats 127.0.0.1:4222 --tcp 127.0.0.1:1 --lines 1", "cannot be combined"},
        {"", "how much?"},
        {"--lines 0", "--lines 0: must be a whole number from 1"},
        {"--lines 1x", "must be a whole number"},
        {"--readers -1 --lines 1", "must be a whole number"},
        {"--readers 70000 --lines 1", "must be a whole number from 1 to 60000"},
        {"--tcp 127.0.0.1:1 --readers 40000 --lines 1", "more than 60000 readers"},
        {"--seconds 5", "--seconds needs a --rate"},
        {"--seconds 0 --rate 5", "must be a number of seconds above 0"},
        {"--seconds 1000000 --rate 100000000", "are more than 999999999999 lines"},
        {"--rate 5 --lines 1 --window 5", "--window means nothing at a --rate"},
        {"--lines 1 --line-kind xml", "must be plain or json"},
        {"--lines 1 --beside x", "must be like before=before.hgrm"},
        {"--lines 1 --name a\"b", "must not hold quotes"},
        {"--lines 1 --stall-reader 1 --stall-seconds 1", "there is no such reader"},
        {"--lines 1 --stall-reader 0", "needs --stall-seconds"},
        {"--lines 1 --readers 9 --verify 1 --churn-readers 1", "need all others verified"},
        {"--nats 127.0.0.1:4222 --lines 1 --line-kind json", "for servers that read it"},
        {"--chart a.svg", "how much?"},
        {"--follow", "--follow needs --seconds"},
        {"--follow --seconds 1 --lines 5", "nothing is written"},
        {"--follow --seconds 1 --readers 9 --verify 1", "every reader is verified"},
        {"--follow --seconds 1 --percentiles a.hgrm", "there are no latencies"},
        {"--follow --seconds 1 --readers 9 --churn-readers 1", "no reader stalls or churns"},
        {"--rate 100000000 --seconds 1000000", "more than 999999999999 lines"},
        {"--lines 1 --beside a=a.hgrm", "--beside needs --chart"},
        {"--lines", "needs a value"},
        {"--liness 5", "--liness"},
        {"--lines 1 surplus", "surplus: an option is expected"},
    };
    for (const auto& [words, told] : wrong) {
        const bool whole = std::string(words).find("--file") != std::string::npos ||
                           std::string(words).starts_with("--nats") ||
                           std::string(words) == "--lines 10" ||
                           std::string(words) == "--tcp 127.0.0.1:9090 --lines 1";
        const std::string error = error_of(whole ? words : base + words);
        EXPECT_NE(error.find(told), std::string::npos) << words << ": '" << error << "'";
    }
}

TEST(BenchOptions, HelpNamesEveryOption) {
    const std::string help = help_text();
    for (const BenchOption& option : bench_options())
        EXPECT_NE(help.find("  --" + std::string(option.name)), std::string::npos) << option.name;
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
}

std::string man_options() {
    std::string out;
    for (const BenchOption& option : bench_options()) {
        out += ".It Fl Fl " + std::string(option.name);
        const std::string metavar = option.metavar;
        const auto mark = metavar.find_first_of(":=");
        if (mark != std::string::npos)
            out += " Ar " + metavar.substr(0, mark) + (metavar[mark] == ':' ? " : " : " Ns = ") +
                   "Ns Ar " + metavar.substr(mark + 1);
        else if (!metavar.empty())
            out += " Ar " + metavar;
        out += "\n" + test::wrapped(test::roff(option.help) + ".");
    }
    return out;
}

std::string page_path() { return LOGWISP_SOURCE_DIR "/man/logwisp-bench.1"; }

TEST(BenchOptions, TheManPageNamesEveryOption) {
    std::stringstream page;
    page << std::ifstream(page_path(), std::ios::binary).rdbuf();
    const std::string wanted =
        test::with_blocks(page.str(), [](const std::string&) { return man_options(); });
    if (std::getenv("LOGWISP_WRITE_DOCUMENTS") != nullptr)
        std::ofstream(page_path(), std::ios::binary) << wanted;
    EXPECT_EQ(page.str(), wanted) << "run this test with LOGWISP_WRITE_DOCUMENTS=1";
    EXPECT_NE(wanted.find("It Fl Fl window"), std::string::npos);
}

TEST(BenchOptions, TheManPageHasNoFaults) {
    const std::string command = "mandoc -Tlint " + page_path() +
                                " 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated "
                                "mandoc.db' >&2";
    ASSERT_EQ(std::system("command -v mandoc >/dev/null"), 0);
    EXPECT_NE(std::system(command.c_str()), 0) << "the linter has something to say";
}

}  // namespace
}  // namespace logwisp::bench
