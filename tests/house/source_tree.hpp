// The source tree as the house tests read it: every text file of ours by its path from the root,
// with its lines. Test thread only; a file is read once, when the tree is made.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

struct SourceFile {
    std::string path;  // from the root of the tree, "src/tail/follower.cpp"
    std::vector<std::string> lines;
};

inline SourceFile read_source(const std::filesystem::path& root,
                              const std::filesystem::path& path) {
    SourceFile file{std::filesystem::relative(path, root).generic_string(), {}};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    return file;
}

// Files below `root`/`folder` whose name ends as one of `endings`; builds and installed packages
// are not ours.
inline std::vector<SourceFile> source_tree(std::string_view folder,
                                           const std::vector<std::string>& endings) {
    const std::filesystem::path root = LOGWISP_SOURCE_DIR;
    std::vector<SourceFile> files;
    std::filesystem::recursive_directory_iterator entry(root / folder);
    for (const auto end = std::filesystem::end(entry); entry != end; ++entry) {
        const std::string name = entry->path().filename().string();
        const bool foreign =
            entry.depth() == 0 && folder.empty() && (name == "build" || name == ".git");
        if (entry->is_directory() && (foreign || name == "node_modules")) {
            entry.disable_recursion_pending();
        } else if (entry->is_regular_file()) {
            for (const std::string& ending : endings)
                if (name.ends_with(ending)) {
                    files.push_back(read_source(root, entry->path()));
                    break;
                }
        }
    }
    return files;
}

}  // namespace logwisp
