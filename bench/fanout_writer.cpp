#include "fanout_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fanout_line.hpp"

namespace logwisp::fanout {
namespace {

constexpr std::size_t write_bytes_max = 64 * 1024;
constexpr auto tick = std::chrono::milliseconds(1);

[[noreturn]] void give_up(const std::string& file) {
    std::fprintf(stderr, "logwisp-fanout: %s: %s\n", file.c_str(), std::strerror(errno));
    std::exit(2);
}

}  // namespace

Writer::Writer(WriterOptions options) : options_(std::move(options)) {
    file_ = open(options_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) give_up(options_.file);
}

Writer::~Writer() {
    if (thread_.joinable()) thread_.join();
    close(file_);
}

void Writer::write_all(const std::string& bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t written = write(file_, bytes.data() + done, bytes.size() - done);
        if (written < 0) give_up(options_.file);
        done += static_cast<std::size_t>(written);
    }
}

void Writer::probe() { write_all(std::string(probe_mark) + std::to_string(++probes_) + "\n"); }

void Writer::start() {
    thread_ = std::thread([this] { run(); });
}

void Writer::run() {
    using Clock = std::chrono::steady_clock;
    const std::string pad = padding(options_.line_bytes) + "\n";
    const auto begin = Clock::now();
    std::uint64_t written = 0;
    std::string block;
    while (written < options_.lines && !stopping_) {
        const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
        std::uint64_t due = options_.lines;
        if (options_.rate != 0)
            due = std::min(
                due, static_cast<std::uint64_t>(elapsed * static_cast<double>(options_.rate)) + 1);
        while (written < due) {
            block.clear();
            char head[64];
            const std::int64_t now = now_ns();
            while (written < due && block.size() < write_bytes_max) {
                std::snprintf(head, sizeof head, "#%012llu %019lld ",
                              static_cast<unsigned long long>(++written),
                              static_cast<long long>(now));
                block.append(head).append(pad);
            }
            write_all(block);
        }
        if (written < options_.lines) std::this_thread::sleep_for(tick);
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
    finished_ = true;
}

}  // namespace logwisp::fanout
