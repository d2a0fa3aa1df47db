#include "core/ledger_positions.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace logwisp {

namespace {
// Files that are closed and may still come back under a followed name.
constexpr std::size_t remembered_max = 1024;
}  // namespace

std::unique_ptr<TailPositions> positions_of(const LedgerState& state, FileSystem& files) {
    auto positions = std::make_unique<TailPositions>(files);
    positions->targets = state.targets;
    positions->file_number_max = state.file_number_max;
    positions->seen_until_us.assign(state.targets.size(), state.last_us);
    // In the order in which they were begun.
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, file] : state.files) numbers.push_back(number);
    std::sort(numbers.begin(), numbers.end());
    for (const std::uint32_t number : numbers) {
        const RecordedFile& file = state.files.at(number);
        FilePosition position;
        position.number = number;
        position.path = file.path;
        position.origin = file.origin;
        position.identity = {file.device, file.inode, file.generation};
        position.born_ns = file.born_ns;
        position.known_size_bytes = file.position;
        position.entries = file.entries;
        position.line.first_line = file.position == 0;
        position.line.passing_over = file.pass_over;
        position.to_be_read = true;  // nobody has looked at it since
        if (file.position != 0 && file.mark == 0)
            position.mark.begin_unmarked(file.position);
        else if (file.position != 0)
            position.mark.begin_by_hash(file.position, file.mark);
        if (!file.closed)
            positions->files.push_back(std::move(position));
        else if (file.position != 0)
            positions->remembered.emplace_back(position.identity, position.mark);
    }
    positions->damaged = state.damaged_slots != 0;
    for (const auto& [number, file] : state.unnamed_files) {
        positions->file_number_max = std::max(positions->file_number_max, number);
        if (file.position == 0 || file.mark == 0) continue;
        positions->unnamed.emplace_back().begin_by_hash(file.position, file.mark);
    }
    std::map<std::string, std::uint64_t> rotations = state.rotations;
    for (const auto& [number, file] : state.files)
        for (const std::string* path : {&file.path, &file.origin})
            if (!path->empty()) rotations.try_emplace(*path, 0);
    std::map<std::string, std::int64_t> read_us;
    for (const auto& [number, file] : state.files)
        read_us[file.origin] = std::max(read_us[file.origin], file.read_us);
    for (const auto& [path, count] : rotations) {
        PathHistory history;
        history.path = path;
        history.had_file = true;
        history.rotations = count;
        history.last_read_us = read_us[path];
        if (const auto last = state.last_rotations.find(path); last != state.last_rotations.end())
            history.last_rotations = last->second;
        positions->paths.push_back(std::move(history));
    }
    auto& remembered = positions->remembered;
    if (remembered.size() > remembered_max)
        remembered.erase(remembered.begin(), remembered.end() - remembered_max);
    return positions;
}

}  // namespace logwisp
