#include "process.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace logwisp::bench {

AllocationSample sample_allocations(const std::string& file) {
    AllocationSample sample;
    std::uint64_t totals[2] = {};
    if (std::ifstream(file, std::ios::binary).read(reinterpret_cast<char*>(totals), sizeof totals))
        sample = {.news = totals[0], .mallocs = totals[1]};
    return sample;
}

namespace {

void add_process(pid_t pid, ProcessSample& sample) {
    const std::filesystem::path root = "/proc/" + std::to_string(pid);
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(root / "task", error)) {
        ThreadSample sampled;
        std::uint64_t running_ns = 0;
        std::ifstream(task.path() / "schedstat") >> running_ns;
        sampled.cpu_seconds = static_cast<double>(running_ns) / 1e9;
        std::ifstream status(task.path() / "status");
        bool whole = false;  // it has not ended meanwhile
        for (std::string word; status >> word;)
            if (word == "voluntary_ctxt_switches:") whole = !!(status >> sampled.wakeups);
        if (whole) sample.threads[static_cast<pid_t>(std::stol(task.path().filename()))] = sampled;
    }
    std::ifstream status(root / "status");
    for (std::string word; status >> word;)
        if (std::uint64_t kib = 0; word == "VmRSS:" && status >> kib) sample.rss_kib += kib;
    const std::filesystem::directory_iterator descriptors(root / "fd", error);
    if (!error)
        sample.descriptors +=
            static_cast<std::uint64_t>(std::distance(begin(descriptors), end(descriptors)));
}

}  // namespace

ThreadSample spent_between(const ProcessSample& before, const ProcessSample& after) {
    ThreadSample spent;
    for (const auto& [thread, sampled] : after.threads) {
        const auto known = before.threads.find(thread);
        const ThreadSample earlier = known == before.threads.end() ? ThreadSample{} : known->second;
        spent.cpu_seconds += sampled.cpu_seconds - earlier.cpu_seconds;
        spent.wakeups += sampled.wakeups - earlier.wakeups;
    }
    return spent;
}

ProcessSample sample_processes(const std::vector<pid_t>& pids) {
    ProcessSample sample;
    for (const pid_t pid : pids) add_process(pid, sample);
    return sample;
}

}  // namespace logwisp::bench
