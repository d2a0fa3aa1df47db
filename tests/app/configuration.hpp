// What the tests of src/app share: loading a configuration from text without touching the
// environment or the disk, and running the real binary.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/check.hpp"
#include "app/load.hpp"

namespace logwisp::test {

inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline CommandLine command_line(const std::vector<std::string>& arguments) {
    Problems problems;
    CommandLine line = parse_command_line(Command::run, arguments, problems);
    for (const Problem& problem : problems) ADD_FAILURE() << problem.text();
    return line;
}

inline Loaded load(std::string_view text, const Environment& environment = {},
                   const std::vector<std::string>& arguments = {}) {
    return load_config_text(text, "logwisp.toml", command_line(arguments), environment);
}

inline std::vector<std::string> texts(const Problems& problems) {
    std::vector<std::string> out;
    for (const Problem& problem : problems) out.push_back(problem.text());
    return out;
}

struct Ran {
    int exit_code = -1;
    std::string output;
    std::string errors;
};

// Standard output of the command; its status goes to `exit_code`.
inline std::string shell_output(const std::string& command, int* exit_code = nullptr) {
    std::string out;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return out;
    std::array<char, 4096> buffer{};
    std::size_t got = 0;
    while ((got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0)
        out.append(buffer.data(), got);
    int status = ::pclose(pipe);
    if (exit_code != nullptr) *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

// A file that is gone at the end of the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string_view content) {
        int descriptor = ::mkstemp(name_.data());
        if (descriptor >= 0) ::close(descriptor);
        write(content);
    }
    ~TemporaryFile() { ::unlink(name_.data()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(std::string_view content) {
        std::ofstream(name_.data(), std::ios::binary) << content;
    }
    [[nodiscard]] std::string path() const { return name_.data(); }

  private:
    std::array<char, 32> name_{"/tmp/logwisp-app-XXXXXX"};
};

// `arguments` and `variables` ("A=b C=d") are shell words. REQUIRES: what is asked ends by itself.
inline Ran run_binary(const std::string& arguments, const std::string& variables = "") {
    TemporaryFile errors("");
    Ran out;
    out.output = shell_output("env -i HOME=/nonexistent " + variables + " " LOGWISP_BINARY " " +
                                  arguments + " 2>" + errors.path() + " </dev/null",
                              &out.exit_code);
    out.errors = read_text(errors.path());
    return out;
}

}  // namespace logwisp::test
