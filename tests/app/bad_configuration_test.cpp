// Every fault of a configuration is named with line, column and what was meant, all of them, and
// nothing that only follows from another fault. Method: a document of configurations beside their
// complete messages (bad_configurations.txt), and here what a text document cannot hold.
#include <gtest/gtest.h>
#include <unistd.h>

#include "configuration.hpp"

namespace logwisp::test {
namespace {

struct Case {
    std::string title;
    std::string text;
    std::vector<std::string> messages;
};

std::vector<Case> read_cases() {
    std::istringstream lines(read_text(LOGWISP_SOURCE_DIR "/tests/app/bad_configurations.txt"));
    std::vector<Case> cases;
    bool in_messages = true;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("=== ")) {
            cases.push_back({.title = line.substr(4), .text = {}, .messages = {}});
            in_messages = false;
        } else if (cases.empty()) {
            continue;
        } else if (line == "---") {
            in_messages = true;
        } else if (!in_messages) {
            cases.back().text += line + "\n";
        } else if (!line.empty()) {
            cases.back().messages.push_back(line);
        }
    }
    return cases;
}

TEST(BadConfiguration, IsDescribedAsInTheDocument) {
    std::vector<Case> cases = read_cases();
    ASSERT_GE(cases.size(), 100U);
    for (const Case& one : cases) {
        Loaded loaded = load(one.text);
        EXPECT_EQ(texts(loaded.problems), one.messages) << one.title;
        EXPECT_FALSE(one.messages.empty()) << one.title;
    }
}

std::vector<std::string> faults(std::string_view text) { return texts(load(text).problems); }
using Lines = std::vector<std::string>;

TEST(BadConfiguration, BytesThatAreNoText) {
    using namespace std::string_literals;
    EXPECT_EQ(faults("[server]\ncores = 1\n\0"s),
              Lines{"logwisp.toml:3:1: a NUL byte: this is not a text file"});
    EXPECT_EQ(faults("[httpserver]\nhost = \"\xff\"\n"),
              Lines{"logwisp.toml:2:8: not valid TOML: Encountered invalid utf-8 sequence"});
    EXPECT_EQ(faults("\xff\xfe[\0"s),
              Lines{"logwisp.toml:1:1: this is UTF-16; a configuration is UTF-8"});
}

TEST(BadConfiguration, AByteOrderMarkIsNoFaultAndNoColumn) {
    EXPECT_EQ(faults("\xEF\xBB\xBF[server]\ncores = 1\n"), Lines{});
    EXPECT_EQ(faults("\xEF\xBB\xBFx = 1\n"), Lines{"logwisp.toml:1:1: unknown key \"x\""});
}

TEST(BadConfiguration, AHeaderThatBeginsWronglyIsOnlyAFault) {
    for (const char* text :
         {"[|server]\n", "[[*]]\n", "[=]\n", "[ # ]\n", "x = { | = 1 }\n", "a.| = 1\n", ". = 1\n"})
        EXPECT_EQ(faults(text).size(), 1U) << text;
}

TEST(BadConfiguration, ColumnsCountCharacters) {
    EXPECT_EQ(faults("\"\xC3\xA4\xC3\xB6\".x = 1\n"),
              Lines{"logwisp.toml:1:1: unknown key \"\xC3\xA4\xC3\xB6\""});
    EXPECT_EQ(
        faults("router = { \"\xC3\xA4\" = 1, port = 0 }\n"),
        (Lines{
            "logwisp.toml:1:12: unknown key \"\xC3\xA4\" in [router]",
            "logwisp.toml:1:28: port in [router] must be a whole number from 1 to 65535, not 0"}));
}

TEST(BadConfiguration, CharactersOutsideAsciiStandInQuotes) {
    EXPECT_EQ(
        faults("[server]\ncores\xC2\xA0= 1\n"),
        Lines{"logwisp.toml:2:6: a character outside ASCII must stand in quotes or in a comment"});
    // The parser takes what looks like a string for a part of the number before it.
    EXPECT_EQ(
        faults("cores = 0[\"*\xEF\xBB\xBF\"]\n"),
        Lines{"logwisp.toml:1:13: a character outside ASCII must stand in quotes or in a comment"});
    EXPECT_EQ(
        faults("cores = 0=\"\xC3\xA4\"\n"),
        Lines{"logwisp.toml:1:12: a character outside ASCII must stand in quotes or in a comment"});
    // The parser takes these for blanks that it does not know.
    const std::string behind = "a character outside ASCII must not follow a backslash here";
    EXPECT_EQ(faults("pid_file = \"\"\"\\\xC3\xA4\"\"\"\n"), Lines{"logwisp.toml:1:16: " + behind});
    EXPECT_EQ(faults("x = \"\"\"a\\\n  \xC3\xA4\"\"\"\n"), Lines{"logwisp.toml:2:3: " + behind});
    EXPECT_EQ(faults("x = \"\"\"\\\\\xC3\xA4\"\"\"\n"),
              Lines{"logwisp.toml:1:1: unknown key \"x\""});
    EXPECT_EQ(faults("x.\"\xC3\xA4\" = 1\n"), Lines{"logwisp.toml:1:1: unknown key \"x\""});
    EXPECT_EQ(faults("# \xC3\xA4\n[[monitor.targets]]\npath = \"\xC3\xA4\"\n"), Lines{});
}

TEST(BadConfiguration, WindowsLineEndsAreFine) {
    EXPECT_EQ(faults("[server]\r\ncores = 1\r\n"), Lines{});
    EXPECT_EQ(faults("[server]\r\ncors = 1\r\n"),
              Lines{"logwisp.toml:2:1: unknown key \"cors\" in [server]; did you mean \"cores\"?"});
}

// Each would take the process down, or minutes, if it reached the parser.
TEST(BadConfiguration, HostileDepthIsRefused) {
    constexpr int depth = 150'000;
    std::string dots, brackets, headers = "[", quoted;
    for (int i = 0; i < depth; ++i) {
        dots += "a.";
        brackets += "[";
        headers += "a . ";
        quoted += "\"a\".";
    }
    for (const std::string& text :
         {dots + "a = 1", "a = " + brackets, headers + "a]", quoted + "a = 1",
          "x = { " + dots + "a = 1 }", "x = [\n{ " + dots + "a = 1 } ]",
          "a.\" \"." + dots + "a = 1", "a.\"#\" = \"\"\"\n\"\"\"\n" + dots + "a = 1",
          "x = \"\"\"a\"\"\"\"\"\n" + dots + "a = 1"}) {
        std::vector<std::string> found = faults(text);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_NE(found[0].find("nested more than 16 deep"), std::string::npos) << found[0];
    }
}

TEST(BadConfiguration, DotsAndBracketsInTextAreNotDepth) {
    std::string dots(1000, '.');
    std::string brackets(1000, '[');
    EXPECT_EQ(faults("# " + dots + brackets + "\n"), Lines{});
    for (const char* quotes : {"\"", "'", "\"\"\"", "'''"}) {
        std::string text = "[[monitor.targets]]\npath = ";
        text.append(quotes).append(dots).append("/\\\\x").append(quotes).append("\n");
        EXPECT_EQ(faults(text), Lines{}) << text;
    }
}

TEST(BadConfiguration, AFileFullOfFaultsIsReadInBoundedTimeAndShownInBoundedLength) {
    std::string text = "[router]\n";
    for (int i = 0; i < 40'000; ++i) text += "some_unknown_key_" + std::to_string(i) + "=1\n";
    TemporaryFile file(text);
    Ran ran = run_binary("-c " + file.path());
    EXPECT_EQ(ran.exit_code, 78);
    EXPECT_EQ(std::count(ran.errors.begin(), ran.errors.end(), '\n'), 101);
    EXPECT_NE(ran.errors.find("logwisp: and 39900 more\n"), std::string::npos);
}

TEST(BadConfiguration, AFileThatIsTooLargeIsNotParsed) {
    TemporaryFile file(std::string(10'000'000, '#'));
    Ran ran = run_binary("-c " + file.path());
    EXPECT_EQ(ran.exit_code, 78);
    EXPECT_EQ(ran.errors, file.path() + ": is larger than 1048576 bytes: not a configuration\n");
}

}  // namespace
}  // namespace logwisp::test
