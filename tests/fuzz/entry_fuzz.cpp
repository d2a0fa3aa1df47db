// Any line at all: the entry is valid, canonical, fits its room, and says what the reference says.
// The first byte chooses the line's circumstances and what stands behind it in the buffer; the rest
// is the line.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "entry/check_entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static logwisp::Encoder encoder;
    if (size == 0) return 0;
    const std::uint8_t choice = bytes[0];
    logwisp::test::LineOptions options;
    options.partial = (choice & 1) != 0;
    options.original_bytes = (choice & 2) != 0 ? size + choice : 0;
    options.behind = "\n\"}]\\0,x"[choice >> 2 & 7];
    const std::string_view line{reinterpret_cast<const char*>(bytes) + 1, size - 1};
    const std::string fault = logwisp::test::fault_of_entry(encoder, line, options);
    if (!fault.empty()) {
        std::fprintf(stderr, "%s\n", fault.c_str());
        std::abort();
    }
    return 0;
}
