#include "inode.hpp"

#include <algorithm>

namespace logwisp::sim {

namespace {
constexpr std::uint64_t block_bytes = 4096;
}

void Inode::write_at(std::uint64_t offset, std::string_view bytes) {
    if (bytes.empty()) return;
    const std::uint64_t end = offset + bytes.size();
    if (data.size() < end) data.resize(end, '\0');
    std::copy(bytes.begin(), bytes.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
    std::uint64_t first = offset / block_bytes * block_bytes;
    std::uint64_t last = (end + block_bytes - 1) / block_bytes * block_bytes;
    auto next = written.upper_bound(last);
    while (next != written.begin()) {
        const auto before = std::prev(next);
        if (before->second < first) break;
        first = std::min(first, before->first);
        last = std::max(last, before->second);
        next = written.erase(before);
    }
    written[first] = last;
}

void Inode::truncate(std::uint64_t bytes) {
    data.resize(bytes, '\0');
    const std::uint64_t last = (bytes + block_bytes - 1) / block_bytes * block_bytes;
    written.erase(written.lower_bound(last), written.end());
    if (!written.empty()) {
        auto& end = std::prev(written.end())->second;
        end = std::min(end, last);
    }
}

std::uint64_t Inode::next_data(std::uint64_t offset) const {
    const auto after = written.upper_bound(offset);
    if (after != written.begin() && std::prev(after)->second > offset)
        return std::min<std::uint64_t>(offset, data.size());
    if (after == written.end()) return data.size();
    return std::min<std::uint64_t>(after->first, data.size());
}

}  // namespace logwisp::sim
