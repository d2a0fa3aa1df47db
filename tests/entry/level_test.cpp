// Which level a line shows. Method: a table of lines as they are written by real programs and of
// lines that only talk of levels; each line is looked at with hostile bytes behind it, so that
// nothing past its end can lend it a level.
#include "entry/level.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "logwisp/limits.hpp"

namespace logwisp {
namespace {

using namespace std::string_view_literals;

Level find(std::string_view line, std::string_view behind) {
    std::string held(line);
    while (held.size() < line.size() + line_padding_bytes) held += behind;
    return find_level(std::string_view(held).substr(0, line.size()));
}

struct Row {
    std::string_view line;
    Level level;
};

constexpr Row rows[] = {
    // In capitals, as a word of its own.
    {"ERROR", Level::error},
    {"ERROR something", Level::error},
    {"something ERROR", Level::error},
    {"x ERROR y", Level::error},
    {"[ERROR] x", Level::error},
    {"ERROR: x", Level::error},
    {"ERROR:root:x", Level::error},
    {"(ERROR) x", Level::error},
    {"|ERROR| x", Level::error},
    {"a\tERROR\tb", Level::error},
    {"\"ERROR\"", Level::error},
    {"ERROR, x", Level::error},
    {"ERROR. x", Level::error},
    {"<ERROR> x", Level::error},
    {"TRACE x", Level::trace},
    {"DEBUG x", Level::debug},
    {"INFO x", Level::info},
    {"NOTICE x", Level::info},
    {"WARN x", Level::warn},
    {"WARNING x", Level::warn},
    {"FATAL x", Level::fatal},
    {"CRITICAL x", Level::fatal},
    {"CRIT x", Level::fatal},
    {"ALERT x", Level::fatal},
    {"EMERG x", Level::fatal},
    {"PANIC: x", Level::fatal},
    {"SEVERE: x", Level::error},
    {"ERR x", Level::error},
    {"2024-01-01 12:00:00,123 INFO [main] c.e.Service - x", Level::info},
    {"2024-01-01 12:00:00.123  WARN 1 --- [main] o.s.b.Foo : x", Level::warn},
    {"[12:00:00 INF] x", Level::info},
    {"12:00PM WRN x", Level::warn},
    {"[1234:0101/120000.123:ERROR:file.cc(12)] x", Level::error},
    {"2024-01-01 12:00:00.123 UTC [42] FATAL:  x", Level::fatal},
    {"caf\xE9|ERROR|x", Level::error},
    // The leftmost wins.
    {"INFO retry after ERROR", Level::info},
    {"INFO retry after error", Level::info},
    {"DEBUG level=error", Level::debug},
    {"level=warn ERROR", Level::warn},
    {"ERROR [info] x", Level::error},
    {"[info] ERROR x", Level::info},
    {"<6>ERROR x", Level::info},
    {"I0102 12:00:00 ERROR x", Level::info},
    // Words that only look like it.
    {"ERRORS", Level::none},
    {"TERROR", Level::none},
    {"INFORMATION", Level::none},
    {"MY_ERROR", Level::none},
    {"ERROR_CODE", Level::none},
    {"ERROR5", Level::none},
    {"5ERROR", Level::none},
    {"xERROR", Level::none},
    {"ERRORx", Level::none},
    {"ERROR=5", Level::none},
    {"NON-ERROR", Level::none},
    {"ERROR-PRONE", Level::none},
    {"ERROR.log", Level::none},
    {"/var/ERROR/x", Level::none},
    {"an.ERROR", Level::none},
    {"FINE weather", Level::none},
    {"Warning shots", Level::none},
    {"ErrorHandler x", Level::none},
    {"no error found", Level::none},
    {"an error: retry", Level::none},
    {"the debug info", Level::none},
    {"hello", Level::none},
    {"", Level::none},
    {" ", Level::none},
    {"E", Level::none},
    {"[", Level::none},
    {"[]", Level::none},
    {"=", Level::none},
    {":", Level::none},
    {"\x1B", Level::none},
    {"<", Level::none},
    // In brackets, any case.
    {"2024/01/01 12:00:00 [error] 12#0: x", Level::error},
    {"[Warning] x", Level::warn},
    {"[warn]", Level::warn},
    {"[ info ] x", Level::info},
    {"2024-01-01 [info     ] event", Level::info},
    {"[core:error] [pid 1] x", Level::error},
    {"[:notice] x", Level::info},
    {"[mpm_event:notice] x", Level::info},
    {"[information] x", Level::info},
    {"[errors] x", Level::none},
    {"[error x", Level::none},
    {"[error", Level::none},
    {"[e] x", Level::none},
    {"array[error_index]", Level::none},
    // After a key.
    {"ts=1 level=error msg=x", Level::error},
    {"level=\"error\" msg=x", Level::error},
    {"level='warn' msg=x", Level::warn},
    {"level=ERROR", Level::error},
    {"LEVEL=info", Level::info},
    {"lvl=dbg", Level::debug},
    {"severity=critical", Level::fatal},
    {"loglevel=trace", Level::trace},
    {"log_level=warning", Level::warn},
    {"log.level=warning", Level::warn},
    {"level=e", Level::error},
    {"level=errors", Level::none},
    {"level=error_rate", Level::none},
    {"level=3", Level::none},
    {"level=", Level::none},
    {"sublevel=error", Level::none},
    {"my_level=error", Level::none},
    {"2level=error", Level::none},
    {"{\"level\":\"error\",\"message\":\"cut", Level::error},
    {"{\"a\":1,\"severity\": \"WARNING\",\"message\":\"cut", Level::warn},
    {"{\"a\":\"error\",\"message\":\"cut", Level::none},
    // Any case, first word, with a colon.
    {"error: x", Level::error},
    {"Error: x", Level::error},
    {"Warning: x", Level::warn},
    {"error:", Level::error},
    {"  error: x", Level::error},
    {"2024-01-01T12:00:00.000Z info: x", Level::info},
    {"2024-01-01 12:00:00 warn: x", Level::warn},
    {"[12:00:00] debug: x", Level::debug},
    {"make: error: x", Level::none},
    {"errors: x", Level::none},
    {"error:x", Level::none},
    {"non-error: x", Level::none},
    {"5error: x", Level::none},
    // In colour.
    {"\x1B[31mERROR\x1B[0m x", Level::error},
    {"\x1B[1;31mERROR\x1B[0m x", Level::error},
    {"\x1B[31mERROR x\x1B[0m", Level::error},
    {"\x1B[1m\x1B[33mwarn\x1B[0m x", Level::warn},
    {"\x1B[32minfo\x1B[39m: x", Level::info},
    {"[\x1B[31mERROR\x1B[0m] x", Level::error},
    {"\x1B[31merror x\x1B[0m", Level::none},
    {"\x1B[31mERRORS\x1B[0m", Level::none},
    // glog, at the start.
    {"E0102 12:00:00.123456 1 a.cc:1] x", Level::error},
    {"I1231 12:00:00.123456 1 a.cc:1] x", Level::info},
    {"W0229 12:00:00.123456 1 a.cc:1] x", Level::warn},
    {"F0601 12:00:00.123456 1 a.cc:1] x", Level::fatal},
    {"E0102", Level::error},
    {"E1302 x", Level::none},
    {"E0002 x", Level::none},
    {"E0100 x", Level::none},
    {"E0132 x", Level::none},
    {"E01023 x", Level::none},
    {"E010", Level::none},
    {"E0102x", Level::none},
    {"X0102 x", Level::none},
    {"see E0102 there", Level::none},
    // Syslog priority, at the start.
    {"<0>x", Level::fatal},
    {"<1>x", Level::fatal},
    {"<2>x", Level::fatal},
    {"<3>x", Level::error},
    {"<4>x", Level::warn},
    {"<5>x", Level::info},
    {"<6>x", Level::info},
    {"<7>x", Level::debug},
    {"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - x", Level::fatal},
    {"<165>1 x", Level::info},
    {"<191>x", Level::debug},
    {"<192>x", Level::none},
    {"<999>x", Level::none},
    {"<1911>x", Level::none},
    {"<>x", Level::none},
    {"<3", Level::none},
    {"<-3>x", Level::none},
    {" <3>x", Level::none},
};

TEST(LevelTest, OfALine) {
    for (const Row& row : rows)
        for (const std::string_view behind :
             {"\n"sv, "S"sv, "]"sv, "ERROR "sv, "\x1B"sv, " [error] "sv})
            EXPECT_EQ(level_name(find(row.line, behind)), level_name(row.level))
                << row.line << " before " << behind;
}

// The level is found wherever in a block of the search it stands, and not past the end of the
// search.
TEST(LevelTest, AtEveryDistance) {
    for (const std::string_view shown : {"ERROR x"sv, "[error] x"sv, "\x1B[31mERROR\x1B[0m"sv}) {
        for (std::size_t distance = 1; distance < level_search_bytes + 40; ++distance) {
            const std::string line = std::string(distance - 1, '.') + ' ' + std::string(shown);
            const Level expected = distance < level_search_bytes ? Level::error : Level::none;
            EXPECT_EQ(find(line, "\n"), expected) << distance;
        }
    }
}

// A run of capitals that a block's border cuts in two is one word.
TEST(LevelTest, LongerWordsAcrossBlocks) {
    for (std::size_t distance = 0; distance < 64; ++distance) {
        EXPECT_EQ(find(std::string(distance, '.') + " THEERROR x", "\n"), Level::none) << distance;
        EXPECT_EQ(find(std::string(distance, 'A') + "ERROR x", "\n"),
                  distance == 0 ? Level::error : Level::none)
            << distance;
    }
}

TEST(LevelTest, OfANameInAnyCase) {
    struct Name {
        std::string_view name;
        Level level;
    };
    constexpr Name table[] = {
        {"trace", Level::trace},
        {"Trace", Level::trace},
        {"TRACE", Level::trace},
        {"verbose", Level::trace},
        {"silly", Level::trace},
        {"finest", Level::trace},
        {"debug", Level::debug},
        {"DBG", Level::debug},
        {"fine", Level::debug},
        {"info", Level::info},
        {"Info", Level::info},
        {"INFORMATION", Level::info},
        {"informational", Level::info},
        {"notice", Level::info},
        {"inf", Level::info},
        {"warn", Level::warn},
        {"WARNING", Level::warn},
        {"wrn", Level::warn},
        {"error", Level::error},
        {"err", Level::error},
        {"SEVERE", Level::error},
        {"fatal", Level::fatal},
        {"critical", Level::fatal},
        {"crit", Level::fatal},
        {"alert", Level::fatal},
        {"emerg", Level::fatal},
        {"emergency", Level::fatal},
        {"panic", Level::fatal},
        {"e", Level::error},
        {"W", Level::warn},
        {"banana", Level::none},
        {"", Level::none},
        {"x", Level::none},
        {"err0r", Level::none},
        {"infos", Level::none},
        {" info", Level::none},
        {"info ", Level::none},
        {"in", Level::none},
        {"INFORMATIONALLYSPEAKING", Level::none},
        {"[NFO", Level::none},
        {"\x09nfo", Level::none},
        {"default", Level::none},
        {"information\0"sv, Level::none},
    };
    for (const Name& row : table) EXPECT_EQ(level_of_name(row.name), row.level) << row.name;
}

TEST(LevelTest, OfANumber) {
    constexpr Level syslog[] = {Level::fatal, Level::fatal, Level::fatal, Level::error,
                                Level::warn,  Level::info,  Level::info,  Level::debug};
    for (int number = -10; number < 300; ++number) {
        Level expected = Level::none;
        if (number >= 0 && number <= 7) expected = syslog[number];
        if (number >= 10 && number <= 60 && number % 10 == 0)
            expected = static_cast<Level>(number / 10);
        EXPECT_EQ(level_of_number(std::to_string(number)), expected) << number;
    }
    for (const std::string_view text : {"", "03", "30.0", "3e1", "+3", " 3", "030", "00"})
        EXPECT_EQ(level_of_number(text), Level::none) << text;
}

}  // namespace
}  // namespace logwisp
