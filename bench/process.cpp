#include "process.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace logwisp::bench {

AllocationSample sample_allocations(const std::string& file) {
    AllocationSample sample;
    std::uint64_t totals[2] = {};
    if (std::ifstream(file, std::ios::binary).read(reinterpret_cast<char*>(totals), sizeof totals))
        sample = {.news = totals[0], .mallocs = totals[1]};
    return sample;
}

namespace {

// What is in a directory; less of it when the process ends meanwhile, which is no reason to throw.
void for_each_in(const std::filesystem::path& directory, auto take) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error))
        take(at->path());
}

void add_thread(const std::filesystem::path& task, ProcessSample& sample) {
    ThreadSample sampled;
    std::uint64_t running_ns = 0;
    std::ifstream(task / "schedstat") >> running_ns;
    sampled.cpu_seconds = static_cast<double>(running_ns) / 1e9;
    std::ifstream status(task / "status");
    bool whole = false;  // it has not ended meanwhile
    for (std::string word; status >> word;)
        if (word == "voluntary_ctxt_switches:") whole = !!(status >> sampled.wakeups);
    if (whole) sample.threads[static_cast<pid_t>(std::stol(task.filename()))] = sampled;
}

void add_process(pid_t pid, ProcessSample& sample) {
    const std::filesystem::path root = "/proc/" + std::to_string(pid);
    for_each_in(root / "task", [&](const auto& task) { add_thread(task, sample); });
    std::ifstream status(root / "status");
    for (std::string word; status >> word;)
        if (std::uint64_t kib = 0; word == "VmRSS:" && status >> kib) sample.rss_kib += kib;
    for_each_in(root / "fd", [&](const auto&) { ++sample.descriptors; });
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
