// The stream as it was published: entry by entry, told by the one reader that is always there and
// never falls behind. Every other reader's bytes are held against it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "violation.hpp"

namespace logwisp::sim {

class Published {
  public:
    // Entry `sequence`; they come in order, from 1 on.
    void add(std::uint64_t sequence, std::string json) {
        if (sequence != entries_.size() + 1)
            violation("the reader that has everything got {} instead of {}", sequence,
                      entries_.size() + 1);
        numbers_.emplace(json, sequence);
        entries_.push_back(std::move(json));
    }
    [[nodiscard]] std::uint64_t last() const { return entries_.size(); }
    [[nodiscard]] const std::string& entry(std::uint64_t sequence) const {
        return entries_.at(sequence - 1);
    }
    // 0: nothing like it was published (yet).
    [[nodiscard]] std::uint64_t number_of(const std::string& json) const {
        const auto found = numbers_.find(json);
        return found == numbers_.end() ? 0 : found->second;
    }

  private:
    std::vector<std::string> entries_;
    std::unordered_map<std::string, std::uint64_t> numbers_;  // never walked: its order is chance
};

}  // namespace logwisp::sim
