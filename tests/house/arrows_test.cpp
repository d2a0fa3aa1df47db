// The include arrows of ARCHITECTURE.md: no folder of src/ includes another one that it must not
// know. Method: every #include "..." of every file is looked up in the table below; the link lines
// of src/CMakeLists.txt say the same to the linker.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "house/source_tree.hpp"

namespace logwisp {
namespace {

using Folders = std::set<std::string>;

// Every folder may also include itself, base and include/logwisp.
const std::map<std::string, Folders> arrows = {
    {"base", {}},
    {"reactor", {}},
    {"entry", {}},
    {"stream", {}},
    {"wire", {}},
    {"tail", {"reactor", "entry", "stream"}},
    {"history", {"reactor", "entry", "stream", "tail"}},
    {"net", {"reactor"}},
    {"serve", {"stream", "wire", "net", "reactor"}},
    {"sandbox", {}},
    {"core", {"reactor", "entry", "stream", "wire", "tail", "history", "net", "serve", "sandbox"}},
    {"app",
     {"net", "wire", "reactor",
      "sandbox"}},  // net and wire (with net's reactor) for tail_client alone
    // Puts the configuration, following's decisions, a server's word and the ledger side by side.
    {"explain", {"app", "core", "sandbox", "tail", "stream", "wire"}},
    // Tries what the service would do.
    {"doctor", {"app", "explain", "net", "reactor", "sandbox", "tail", "wire"}},
};

// "tail/follower.hpp" of `#include "tail/follower.hpp"`; empty for every other line.
std::string quoted_include(const std::string& line) {
    const std::string start = "#include \"";
    if (!line.starts_with(start)) return {};
    return line.substr(start.size(), line.find('"', start.size()) - start.size());
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

bool arrow_exists(const std::string& from, const std::string& to) {
    return to == from || to == "base" || to == "logwisp" || arrows.at(from).contains(to);
}

TEST(Arrows, EveryIncludeFollowsOne) {
    std::size_t includes = 0;
    for (const SourceFile& file : source_tree("src", {".hpp", ".cpp"})) {
        const std::string inside = file.path.substr(std::string("src/").size());
        if (inside == "main.cpp") continue;  // wires app to core
        const std::string from = folder_of(inside);
        ASSERT_TRUE(arrows.contains(from)) << file.path << ": a folder the table does not know";
        for (const std::string& line : file.lines) {
            const std::string include = quoted_include(line);
            if (include.empty()) continue;
            ++includes;
            EXPECT_NE(include.find('/'), std::string::npos)
                << file.path << ": include \"" << include << "\" without its folder";
            EXPECT_TRUE(arrow_exists(from, folder_of(include)))
                << file.path << " includes " << include << ": there is no arrow " << from << " -> "
                << folder_of(include);
        }
    }
    EXPECT_GT(includes, 20u) << "the test has lost sight of the sources";
}

TEST(Arrows, NounsKnowNothing) {
    for (const SourceFile& file : source_tree("include", {".hpp"}))
        for (const std::string& line : file.lines) {
            const std::string include = quoted_include(line);
            EXPECT_TRUE(include.empty() || folder_of(include) == "logwisp")
                << file.path << " includes " << include;
        }
}

// Only the reader's own command may see sockets; everything else in app/ turns text into a Config.
TEST(Arrows, OnlyTheTailClientOfAppSeesTheNetwork) {
    for (const SourceFile& file : source_tree("src/app", {".hpp", ".cpp"})) {
        if (file.path.starts_with("src/app/tail_")) continue;
        for (const std::string& line : file.lines) {
            const std::string folder = folder_of(quoted_include(line));
            EXPECT_TRUE(folder != "net" && folder != "wire" && folder != "reactor")
                << file.path << ": " << line;
        }
    }
}

// Only reactor/ knows which kernel interface is used.
TEST(Arrows, OnlyTheReactorKnowsTheKernelInterface) {
    for (const SourceFile& file : source_tree("src", {".hpp", ".cpp"})) {
        if (file.path.starts_with("src/reactor/")) continue;
        for (const std::string& line : file.lines)
            EXPECT_TRUE(!line.starts_with("#include <liburing") &&
                        !line.starts_with("#include <sys/epoll"))
                << file.path << ": " << line;
    }
}

}  // namespace
}  // namespace logwisp
