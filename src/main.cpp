// Where everything begins: the first argument chooses the command; without one the service runs.
#include <string>
#include <string_view>
#include <vector>

#include "app/check.hpp"
#include "app/reload_client.hpp"
#include "app/start.hpp"
#include "app/tail_client.hpp"
#include "base/standard_descriptors.hpp"
#include "core/service.hpp"
#include "doctor/doctor.hpp"
#include "explain/explain.hpp"

int main(int argc, char** argv) {
    using namespace logwisp;
    open_standard_descriptors();
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    std::string_view command = arguments.empty() ? std::string_view() : arguments.front();
    if (command == "check") return check_main({arguments.begin() + 1, arguments.end()});
    if (command == "doctor") return doctor_main({arguments.begin() + 1, arguments.end()});
    if (command == "explain") return explain_main({arguments.begin() + 1, arguments.end()});
    if (command == "reload") return reload_main({arguments.begin() + 1, arguments.end()});
    if (command == "tail") {
        char name[] = "logwisp tail";
        argv[1] = name;
        return tail_main(argc - 1, argv + 1);
    }

    Start start = prepare_start(arguments);
    if (!start.run) return start.exit_code;
    return run_service({.config = start.config,
                        .reload = [&start](Config& config, std::vector<std::string>& errors) {
                            return reload(start, config, errors);
                        }});
}
