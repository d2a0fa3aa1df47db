// A process the load tests start: standard output and error go to files, so that nothing can block
// it. Ended with its owner.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace logwisp::load_test {

class Program {
  public:
    // words[0] is the path of the program; output goes to `output` and `output`.errors.
    Program(std::vector<std::string> words, std::filesystem::path output,
            const std::vector<std::string>& environment = {});
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string errors() const;
    // True once the output (the errors) are as wanted; false when a deadline passes before.
    [[nodiscard]] bool printed(const std::function<bool(const std::string&)>& wanted) const;
    [[nodiscard]] bool told(const std::function<bool(const std::string&)>& wanted) const;
    // Sends the signal, if any, and waits. The exit code as a shell shows it, 128 + N for a signal.
    int end(int signal = 0);
    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    std::filesystem::path output_;
    pid_t pid_ = -1;
};

// Until `condition` holds; false when a deadline passes before.
bool wait_until(const std::function<bool()>& condition);

}  // namespace logwisp::load_test
