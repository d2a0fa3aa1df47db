// The flags, and whose rules hold for their values.
#include <algorithm>

#include "app/options.hpp"

namespace logwisp {

const std::vector<Flag>& flags() {
    static const std::vector<Flag> all{
        {"--config", "-c", "FILE", "Read the configuration from FILE"},
        {"--router", "", "=BOOL", "Serve all HTTP streams on one port, under /NAME/"},
        {"--check-interval", "", "MS",
         "Check files every MS milliseconds where the kernel gives no events"},
        {"--enable-tcp", "", "=BOOL", "Serve raw TCP (one JSON object per line)"},
        {"--tcp-port", "", "N", "The TCP port"},
        {"--tcp-buffer-size", "", "N", "How many entries a TCP reader may fall behind"},
        {"--enable-http", "", "=BOOL", "Serve HTTP (server-sent events); on for TARGETs"},
        {"--http-port", "", "N", "The HTTP port"},
        {"--http-buffer-size", "", "N", "How many entries an HTTP reader may fall behind"},
        {"--host", "", "ADDR", "The address to listen on; \"*\" for all"},
        {"--cores", "", "N", "How many threads to run; 0 is one for every core"},
        {"--backend", "", "NAME", "The kernel interface: auto, io_uring or epoll"},
        {"--state", "", "=BOOL", "Keep positions and ids, so that streams go on after a restart"},
        {"--state-directory", "", "DIR", "Where positions and ids are kept"},
        {"--log-level", "", "LEVEL", "Own messages from this level up: debug, info, warn or error"},
        {"--log-format", "", "FORMAT", "Own messages as text or json"},
        {"--version", "-V", "", "Print the version and exit"},
        {"--help", "-h", "", "Print this help and exit"},
    };
    return all;
}

const std::vector<CommandHelp>& commands() {
    static const std::vector<CommandHelp> all{
        {"check", "[-c FILE] [--json]",
         "Validate the configuration, print it with where it came from", true, true},
        {"doctor", "[-c FILE] [--json]", "Say whether this machine lets it run, and what to do",
         true, true},
        {"explain", "PATH [-c FILE] [--json]", "Say whether a file is followed, and why not", true,
         true},
        {"reload", "[PID]", "Let a running service read its configuration again", false, false},
        {"tail",
         "URL|HOST:PORT",
         "Read a stream, resuming after interruptions",
         false,
         false,
         {{"--tail", "-n", "N", "Begin N entries back"},
          {"--json", "", "", "Print every entry as the JSON it came as"},
          {"--no-color", "", "", "No colour on a terminal"},
          {"--no-reconnect", "", "", "End when the connection ends"}}},
    };
    return all;
}

const Option* option_of_flag(std::string_view flag) {
    auto named = [&](const Option& option) { return option.flag == flag; };
    const auto& of_streams = stream_options();
    auto in_stream = std::find_if(of_streams.begin(), of_streams.end(), named);
    if (in_stream != of_streams.end()) return &*in_stream;
    const auto& of_service = service_options();
    auto in_service = std::find_if(of_service.begin(), of_service.end(), named);
    return in_service != of_service.end() ? &*in_service : nullptr;
}

}  // namespace logwisp
