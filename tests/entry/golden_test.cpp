// The documents of golden/ hold: each example is a line beside its entry, to the byte. Method: read
// them as a reader would; a heading names the example, a block "line" is the line as it stands,
// "bytes" the same with \xNN escapes, "entry" what it becomes. Before the blocks, "original_bytes:
// N", "partial" and "source: ..." on lines of their own say what came with the line.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "encode_line.hpp"
#include "support/json_check.hpp"

namespace logwisp {
namespace {

using namespace test;

struct Example {
    std::string heading;
    std::string line;
    std::string entry;
    LineOptions options;
};

std::string unescape(const std::string& text) {
    std::string out;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text.compare(index, 2, "\\x") == 0) {
            out += static_cast<char>(std::strtol(text.substr(index + 2, 2).c_str(), nullptr, 16));
            index += 3;
        } else {
            out += text[index];
        }
    }
    return out;
}

std::vector<Example> read_examples(const std::filesystem::path& path) {
    std::vector<Example> examples;
    std::ifstream in(path);
    std::string text;
    std::string block;
    std::string content;
    while (std::getline(in, text)) {
        if (text.starts_with("```")) {
            if (block.empty()) {
                block = text.substr(3);
                content.clear();
                continue;
            }
            Example& example = examples.back();
            if (block == "line") example.line = content;
            if (block == "bytes") example.line = unescape(content);
            if (block == "entry") example.entry = content;
            block.clear();
        } else if (!block.empty()) {
            content += text;
        } else if (text.starts_with("## ")) {
            examples.push_back({.heading = text.substr(3), .line = {}, .entry = {}, .options = {}});
        } else if (text.starts_with("original_bytes: ")) {
            examples.back().options.original_bytes = std::strtoull(text.c_str() + 16, nullptr, 10);
        } else if (text == "partial") {
            examples.back().options.partial = true;
        } else if (text.starts_with("source: ")) {
            examples.back().options.source = unescape(text.substr(8));
        }
    }
    return examples;
}

TEST(GoldenTest, EveryExample) {
    const std::filesystem::path golden = LOGWISP_SOURCE_DIR "/tests/entry/golden";
    std::size_t count = 0;
    Encoder encoder;
    for (const auto& file : std::filesystem::directory_iterator(golden)) {
        for (const Example& example : read_examples(file.path())) {
            const std::string entry = encode_line(encoder, example.line, example.options);
            EXPECT_EQ(entry, example.entry) << file.path().filename() << ": " << example.heading;
            EXPECT_TRUE(read_json(entry)) << example.heading;
            ++count;
        }
    }
    EXPECT_GE(count, 60U);
}

}  // namespace
}  // namespace logwisp
