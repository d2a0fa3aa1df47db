// Reads tests/golden/http_*.md: rows of client bytes beside what becomes of them. http_line_ends.md
// says how they are written.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp::test {

struct GoldenRow {
    std::string name;  // file: row
    std::string input;
    std::vector<std::string> expected;
};

// `\r`, `\x1b`, `\{3*a}` ... `\\` stays two characters when `for_text`, since expectations are
// written escaped.
inline std::string unescape(std::string_view text, bool for_text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        const char kind = i + 1 < text.size() ? text[++i] : '?';
        if (kind == '{') {
            const std::size_t star = text.find('*', i);
            out.append(std::stoul(std::string(text.substr(i + 1, star - i - 1))), text[star + 1]);
            i = star + 2;
        } else if (for_text) {
            out += '\\';
            out += kind;
        } else if (kind == 'x') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            constexpr std::string_view kinds = "rnt0\\";
            constexpr std::string_view bytes("\r\n\t\0\\", 5);
            const std::size_t at = kinds.find(kind);
            if (at == std::string_view::npos) throw std::runtime_error("bad escape in a golden");
            out += bytes[at];
        }
    }
    return out;
}

inline std::vector<GoldenRow> read_goldens(const std::string& file) {
    std::ifstream in(std::string(LOGWISP_SOURCE_DIR) + "/tests/golden/" + file);
    if (!in) throw std::runtime_error("no golden " + file);
    std::vector<GoldenRow> rows;
    bool in_block = false;
    for (std::string line; std::getline(in, line);) {
        if (line == "```") {
            in_block = !in_block;
        } else if (in_block) {
            const bool continued = line.ends_with('\\');
            if (continued) line.pop_back();
            rows.back().input += unescape(line, false);
            if (!continued) rows.back().input += "\r\n";
        } else if (line.starts_with("## ")) {
            rows.push_back({file + ": " + line.substr(3), {}, {}});
        } else if (line.starts_with("- ")) {
            rows.back().expected.push_back(unescape(line.substr(2), true));
        }
    }
    return rows;
}

}  // namespace logwisp::test
