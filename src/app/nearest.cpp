#include "app/nearest.hpp"

#include <algorithm>

namespace logwisp {
namespace {

// Longer than any name there is: what is longer has no near neighbour and is not worth the
// quadratic time.
constexpr std::size_t name_bytes_max = 160;
constexpr std::size_t abbreviation_bytes_min = 3;

char folded(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

}  // namespace

std::size_t typing_errors(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            bool same = folded(a[i - 1]) == folded(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            bool swapped = i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                           folded(a[i - 2]) == folded(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

std::string nearest(std::string_view written, const std::vector<std::string>& candidates) {
    if (written.size() > name_bytes_max) return {};
    // "http" for "httpserver" and "hostname" for "host" are other words for it, not six errors.
    // An abbreviation first: "sync_interval" is "sync_interval_ms" and not "sync".
    for (const std::string& candidate : candidates)
        if (written.size() >= abbreviation_bytes_min && candidate.starts_with(written))
            return candidate;
    for (const std::string& candidate : candidates)
        if (candidate.size() >= abbreviation_bytes_min && written.starts_with(candidate))
            return candidate;
    std::string best;
    std::size_t fewest = std::max<std::size_t>(1, written.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        std::size_t errors = typing_errors(written, candidate);
        if (errors < fewest) {
            fewest = errors;
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates) {
    std::string best = nearest(written, candidates);
    return best.empty() ? "" : "; did you mean \"" + best + "\"?";
}

}  // namespace logwisp
