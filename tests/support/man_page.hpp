// Parts of a manual page that follow from a table of the program, as they must stand in the tree.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <string_view>

namespace logwisp::test {

// As text of a man page: backslashes shown, no line that begins with a dot or quote.
inline std::string roff(std::string_view text) {
    std::string out;
    for (char c : text) out += c == '\\' ? "\\e" : std::string(1, c);
    if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
    return out;
}

// Lines of a manual's source have at most 80 characters.
inline std::string wrapped(const std::string& text) {
    std::istringstream words(text);
    std::string out, line;
    for (std::string word; words >> word;) {
        if (!line.empty() && line.size() + 1 + word.size() > 78) {
            out += line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return out + line + "\n";
}

// The page with what stands between `.\" NAME: begin` and `.\" NAME: end` made again for every
// NAME.
template <class Make>
inline std::string with_blocks(std::string page, Make make) {
    const std::string begin_mark = ": begin\n";
    for (std::size_t at = page.find(begin_mark); at != std::string::npos;
         at = page.find(begin_mark, at + 1)) {
        std::size_t line = page.rfind(".\\\" ", at);
        std::string name = page.substr(line + 4, at - line - 4);
        std::size_t begin = at + begin_mark.size();
        std::size_t end = page.find(".\\\" " + name + ": end\n", begin);
        EXPECT_NE(end, std::string::npos) << name;
        if (end == std::string::npos) break;
        std::string block = make(name);
        EXPECT_FALSE(block.empty()) << name;
        page.replace(begin, end - begin, block);
    }
    return page;
}

}  // namespace logwisp::test
