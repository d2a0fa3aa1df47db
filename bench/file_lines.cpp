#include "file_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace logwisp::bench {

FileLines::FileLines(const std::string& file)
    : descriptor_(open(file.c_str(), O_RDONLY | O_CLOEXEC)),
      begin_(descriptor_ < 0 ? -1 : lseek(descriptor_, 0, SEEK_END)) {
    if (begin_ >= 0) return;
    std::fprintf(stderr, "logwisp-bench: %s: %s\n", file.c_str(), std::strerror(errno));
    std::exit(1);
}

FileLines::~FileLines() { close(descriptor_); }

std::uint64_t FileLines::grown_by() const {
    const std::int64_t end = lseek(descriptor_, 0, SEEK_END);
    std::vector<char> bytes(1 << 20);
    std::uint64_t lines = 0;
    bool empty = true;
    for (std::int64_t at = begin_; at < end;) {
        const ssize_t count = pread(descriptor_, bytes.data(), bytes.size(), at);
        if (count <= 0) break;
        for (ssize_t i = 0; i < count && at + i < end; ++i) {
            const char c = bytes[static_cast<std::size_t>(i)];
            if (c == '\n' && !empty) ++lines;
            if (c != '\r') empty = c == '\n';
        }
        at += count;
    }
    return lines;
}

}  // namespace logwisp::bench
