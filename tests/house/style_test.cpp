// What a reader may rely on in every file of ours: headers open with a paragraph, a source includes
// its own header first, nothing unfinished is marked, nothing names a place on somebody's machine,
// no file must be searched instead of read. Method: read them all.
#include <gtest/gtest.h>

#include <algorithm>

#include "house/source_tree.hpp"

namespace logwisp {
namespace {

const std::vector<std::string> code = {".hpp", ".cpp", ".c", ".h"};
const std::vector<std::string> texts = {".hpp", ".cpp", ".c",    ".h",    ".md",   ".txt", ".cmake",
                                        ".mjs", ".sh",  ".yaml", ".toml", ".json", ".in",  "run",
                                        "file", ".1",   ".5",    ".7",    ".html", ".css", ".js"};

bool exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::path(LOGWISP_SOURCE_DIR) / path);
}

TEST(Style, HeadersOpenWithAParagraphAndAGuard) {
    for (const char* folder : {"include", "src", "tests"})
        for (const SourceFile& file : source_tree(folder, {".hpp"})) {
            ASSERT_FALSE(file.lines.empty()) << file.path;
            EXPECT_TRUE(file.lines.front().starts_with("// ")) << file.path << ": no paragraph";
            EXPECT_EQ(std::count(file.lines.begin(), file.lines.end(), "#pragma once"), 1)
                << file.path;
        }
}

TEST(Style, TestsOpenWithTheirProperty) {
    for (const SourceFile& file : source_tree("tests", {"_test.cpp"})) {
        ASSERT_FALSE(file.lines.empty()) << file.path;
        EXPECT_TRUE(file.lines.front().starts_with("// ")) << file.path << ": no property";
    }
}

TEST(Style, OwnHeaderComesFirst) {
    for (const SourceFile& file : source_tree("src", {".cpp"})) {
        std::string own = file.path.substr(std::string("src/").size());
        own.replace(own.size() - 3, 3, "hpp");
        if (!exists("src/" + own)) continue;
        const auto first =
            std::find_if(file.lines.begin(), file.lines.end(),
                         [](const std::string& line) { return line.starts_with("#include"); });
        ASSERT_NE(first, file.lines.end()) << file.path;
        EXPECT_EQ(*first, "#include \"" + own + "\"") << file.path;
    }
}

TEST(Style, FilesAreReadNotSearched) {
    constexpr std::size_t lines_max = 450;
    for (const char* folder : {"include", "src"})
        for (const SourceFile& file : source_tree(folder, code))
            EXPECT_LE(file.lines.size(), lines_max) << file.path << ": is it one idea?";
}

// The needles are put together here so that this file does not hold them.
TEST(Style, NothingUnfinishedAndNobodysMachine) {
    const std::vector<std::string> needles = {
        std::string("TODO") + "(now)",  std::string("FIX") + "ME",
        std::string("XX") + "X:",       std::string("HA") + "CK",
        std::string("GTEST_") + "SKIP", std::string("DIS") + "ABLED_",
        std::string("/wo") + "rk/",     std::string("/tmp/") + "lw",
    };
    for (const SourceFile& file : source_tree("", texts))
        for (std::size_t line = 0; line < file.lines.size(); ++line)
            for (const std::string& needle : needles)
                EXPECT_EQ(file.lines[line].find(needle), std::string::npos)
                    << file.path << ':' << line + 1 << ": " << file.lines[line];
}

TEST(Style, NoTabsNoTrailingSpaceNoCarriageReturn) {
    for (const char* folder : {"include", "src", "tests"})
        for (const SourceFile& file : source_tree(folder, code))
            for (std::size_t line = 0; line < file.lines.size(); ++line) {
                const std::string& text = file.lines[line];
                const bool trailing = !text.empty() && (text.back() == ' ' || text.back() == '\r');
                EXPECT_TRUE(!trailing && text.find('\t') == std::string::npos)
                    << file.path << ':' << line + 1;
            }
}

}  // namespace
}  // namespace logwisp
