// What happened in a run, as one number: every effect of the simulated kernel and of the actors is
// mixed in, so that two runs of one seed can be compared, and a run that depends on an address, on
// a hash order or on the real clock is found out. Single thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace logwisp::sim {

class Trace {
  public:
    void note(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0) {
        for (const char c : what) mix(static_cast<unsigned char>(c));
        mix(a);
        mix(b);
        ++events_;
        if (printing_)
            std::fprintf(stderr, "%12.6f %.*s %llu %lld\n", static_cast<double>(now_ns_) / 1e9,
                         static_cast<int>(what.size()), what.data(),
                         static_cast<unsigned long long>(a), static_cast<long long>(b));
    }
    void at(std::uint64_t now_ns) { now_ns_ = now_ns; }
    void print(bool on) { printing_ = on; }
    [[nodiscard]] bool printing() const { return printing_; }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }

  private:
    void mix(std::uint64_t value) {
        hash_ = (hash_ ^ value ^ now_ns_) * 0x100000001B3ULL;
        hash_ ^= hash_ >> 29;
    }
    std::uint64_t hash_ = 0xCBF29CE484222325ULL;
    std::uint64_t events_ = 0;
    std::uint64_t now_ns_ = 0;
    bool printing_ = false;
};

}  // namespace logwisp::sim
