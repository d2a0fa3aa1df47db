#include "app/check_sandbox.hpp"

#include <fmt/format.h>

#include <vector>

#include "app/value.hpp"
#include "sandbox/places.hpp"
#include "sandbox/sandbox.hpp"

namespace logwisp {

namespace {

std::vector<std::string> paths_of(const SandboxForecast& forecast, Access access) {
    std::vector<std::string> paths;
    for (const Grant& grant : forecast.granted)
        if (grant.access == access) paths.push_back(written(std::string_view(grant.path)));
    return paths;
}

}  // namespace

Problems sandbox_warnings(const Loaded& loaded) {
    Problems out;
    if (!sandbox_forecast(loaded.config).landlock) return out;
    for (std::size_t index = 0; index < loaded.config.streams.size(); ++index) {
        const StreamConfig& stream = loaded.config.streams[index];
        for (const WidePlace& wide : wide_places(stream))
            out.push_back({loaded.origins.of(stream_key(
                               index, fmt::format("monitor.targets.{}",
                                                  wide.target - stream.monitor.targets.data()))),
                           wide.text});
    }
    return out;
}

std::string sandbox_comments(const Config& config) {
    const SandboxForecast forecast = sandbox_forecast(config);
    std::string out = "\n# Once it runs:\n";
    out += forecast.landlock
               ? fmt::format("# Files are restricted (Landlock {}).\n", *forecast.landlock)
               : fmt::format("# Files are not restricted: {}.\n", forecast.landlock.error().text());
    const auto places = [&](std::string_view what, Access access) {
        for (const std::string& path : paths_of(forecast, access))
            out += fmt::format("#   {} {}\n", what, path);
    };
    places("write", Access::write);
    places("read ", Access::read);
    places("list ", Access::list);
    out += forecast.seccomp ? "# System calls are filtered (seccomp).\n"
                            : fmt::format("# System calls are not filtered: {}.\n",
                                          forecast.seccomp.error().text());
    return out;
}

std::string sandbox_json(const Config& config) {
    const SandboxForecast forecast = sandbox_forecast(config);
    const auto why_not = [](const Error& error) {
        return fmt::format(R"(null,"why_not":{})", written(std::string_view(error.text())));
    };
    const auto list = [&](Access access) {
        return fmt::format("[{}]", fmt::join(paths_of(forecast, access), ","));
    };
    const std::string landlock =
        forecast.landlock ? std::to_string(*forecast.landlock) : why_not(forecast.landlock.error());
    const std::string seccomp = forecast.seccomp ? "true" : why_not(forecast.seccomp.error());
    return fmt::format(
        R"({{"landlock":{{"abi":{}}},"seccomp":{{"filtered":{}}},"writable":{},"readable":{},"listed":{}}})",
        landlock, seccomp, list(Access::write), list(Access::read), list(Access::list));
}

}  // namespace logwisp
