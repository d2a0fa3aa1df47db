// Whatever a configuration file holds, it is taken or refused with at least one message, in bounded
// depth; one that is taken reads back from what `logwisp check` prints as the same configuration.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/check.hpp"
#include "app/load.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace logwisp;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Loaded loaded = load_config_text(text, "logwisp.toml", {}, {});
    CHECK(!effective_json(loaded).empty());
    for (const Problem& problem : loaded.problems) {
        CHECK(!problem.message.empty());
        CHECK(problem.text().find_first_of("\n\x1b") == std::string::npos);
    }
    if (!loaded.problems.empty()) return 0;
    Loaded again = load_config_text(effective_toml(loaded), "logwisp.toml", {}, {});
    CHECK(again.problems.empty());
    CHECK(again.config == loaded.config);
    return 0;
}
