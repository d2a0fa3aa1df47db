#include "app/tail_client.hpp"

#include <unistd.h>

#include <csignal>

#include "app/tail_client_follow.hpp"
#include "app/tail_client_options.hpp"
#include "app/tail_client_output.hpp"
#include "app/tail_client_socket.hpp"

namespace logwisp {

int tail_main(int argc, char** argv) {
    const TailCommandLine command_line = parse_tail_command_line(argc, argv);
    if (!command_line.options) return command_line.exit_code;
    const TailOptions& options = *command_line.options;

    // `logwisp tail ... | head` is no error: the failed write tells us.
    if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return 1;
    int exit_code = 0;
    int signal_number = 0;
    {
        const Waiter waiter(STDOUT_FILENO);
        const OutputLook look{
            .json = options.json,
            .color = options.color && !options.json && isatty(STDOUT_FILENO) == 1};
        TailOutput output(STDOUT_FILENO, look, waiter);
        exit_code = Follow(options, output, waiter).run();
        signal_number = Waiter::signal();
    }
    if (signal_number == 0) return exit_code;
    // By the signal itself, so that a shell's loop around us ends as well.
    static constexpr char reset_color[] = "\x1b[0m";
    if (isatty(STDOUT_FILENO) == 1 && write(STDOUT_FILENO, reset_color, sizeof reset_color - 1) < 0)
        return 128 + signal_number;
    return std::raise(signal_number) == 0 ? 128 + signal_number : 1;
}

}  // namespace logwisp
