#include "load/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace logwisp::load_test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto deadline = std::chrono::seconds(20);
constexpr auto look_again = std::chrono::milliseconds(20);

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void open_as(const std::string& path, int descriptor) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
    close(file);
}

}  // namespace

bool wait_until(const std::function<bool()>& condition) {
    for (const auto end = Clock::now() + deadline; Clock::now() < end;
         std::this_thread::sleep_for(look_again))
        if (condition()) return true;
    return condition();
}

Program::Program(std::vector<std::string> words, std::filesystem::path output,
                 const std::vector<std::string>& environment)
    : output_(std::move(output)) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives the tests
    for (const std::string& variable : environment) putenv(strdup(variable.c_str()));
    open_as(output_, STDOUT_FILENO);
    open_as(output_.string() + ".errors", STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
}

Program::~Program() {
    if (running()) end(SIGKILL);
}

std::string Program::output() const { return read_file(output_); }
std::string Program::errors() const { return read_file(output_.string() + ".errors"); }

bool Program::printed(const std::function<bool(const std::string&)>& wanted) const {
    return wait_until([&] { return wanted(output()); });
}

bool Program::told(const std::function<bool(const std::string&)>& wanted) const {
    return wait_until([&] { return wanted(errors()); });
}

int Program::end(int signal) {
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace logwisp::load_test
