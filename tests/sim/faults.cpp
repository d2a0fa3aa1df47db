#include "faults.hpp"

namespace logwisp::sim {

namespace {
// Half of the runs do not know a class at all; the others know it rarely or often.
std::uint32_t rate(Random& random) {
    if (random.chance(500)) return 0;
    return static_cast<std::uint32_t>(random.skewed(300));
}
}  // namespace

Faults choose_faults(Random& random) {
    Faults faults;
    faults.delay = rate(random);
    faults.delay_ns_max = random.skewed(50'000'000);
    faults.reorder = random.chance(600);
    faults.end_multishot = rate(random);
    if (random.chance(300))
        faults.outcomes_per_turn = static_cast<std::uint32_t>(random.between(1, 8));
    if (random.chance(300)) {
        faults.pause = static_cast<std::uint32_t>(random.skewed(20));
        faults.pause_ns_max = random.skewed(30'000'000);
    }
    faults.short_send = rate(random);
    faults.send_again = rate(random) / 4;
    faults.late_send = rate(random) / 2;
    faults.short_recv = rate(random);
    faults.accept_error = rate(random) / 2;
    faults.eager_emfile = random.chance(500);
    if (random.chance(600)) faults.window_bytes_max = random.between(256, 64 * 1024);
    faults.short_read = rate(random);
    faults.read_error = rate(random) / 8;
    faults.looks_fail = random.chance(500);
    faults.open_error = rate(random) / 8;
    if (random.chance(250)) faults.notify_queue_max = random.between(1, 16);
    if (random.chance(150)) faults.watches_max = random.between(1, 4);
    faults.notify_reuses_numbers = random.chance(300);
    faults.wall_step = random.chance(100) ? 20 : 0;
    // From a source of their own, so that a seed stays the run it was.
    Random of_syncs(~Random(random).next());
    faults.sync_error = rate(of_syncs) / 8;
    faults.sync_ns_max = of_syncs.skewed(100'000'000);
    return faults;
}

}  // namespace logwisp::sim
