// Every limit by its name, with the reason and the relation to the others. Bytes, entries, milliseconds, counts: the suffix says which.
#pragma once

#include <cstddef>
#include <cstdint>

namespace logwisp {

// --- Following ---
// One read of one file. Large enough that a read costs less than splitting what it brought; small enough that a turn stays short.
inline constexpr std::size_t read_bytes_max = 256 * 1024;
// What simdjson may touch behind a line (SIMDJSON_PADDING); every buffer that holds lines has this much spare at its end.
inline constexpr std::size_t line_padding_bytes = 64;
// The range of max_line_bytes.
inline constexpr std::uint32_t line_bytes_floor = 256;
inline constexpr std::uint32_t line_bytes_ceiling = 64 * 1024 * 1024;
// Bytes before the position that are read again with every read: they recognise a file that was truncated and regrown meanwhile.
inline constexpr std::size_t tail_marker_bytes = 64;

// What rotation has packed (gzip) before it was read. A turn unpacks this much of all such files together, some 0.5 ms, so that neither a large file
// nor a bomb keeps the core from anything else.
inline constexpr std::size_t packed_bytes_per_turn = 256 * 1024;
// Unpacked text that waits to be read, in memory. Two reads: neither side waits for the other for long.
inline constexpr std::size_t packed_ahead_bytes_max = 1024 * 1024;
static_assert(packed_ahead_bytes_max >= 2 * read_bytes_max, "a read finds all it asks for");
// Packed siblings of one file that are looked into for it, the newest: hourly rotation over a long weekend.
inline constexpr std::size_t packed_files_max = 96;
// A packed file that ends in the middle is looked at again so often, and given up when it has not grown for so long: whoever still packs it
// writes more often.
inline constexpr std::uint32_t packed_look_again_ms = 200;
inline constexpr std::uint32_t packed_growth_wait_ms = 10'000;

// --- Status ---
// Rows of "watchers" in one answer. A core that writes a row holds its readers up for some 3 us; what is beyond is counted, and each
// can be asked for by its path.
inline constexpr std::size_t status_watchers_max = 1000;

// --- Batches ---
// A batch is published when it holds this much or when the turn ends.
inline constexpr std::size_t batch_bytes_soft = 256 * 1024;
inline constexpr std::uint32_t batch_entries_max = 1024;
// A batch is at most this part of the smallest buffer, so that one burst is sent in several turns instead of overrunning everybody.
inline constexpr std::uint32_t batches_per_buffer = 4;
// Published in one turn and sent together: to send 500 lines costs a reader's connection hardly more than 250. All of a buffer would
// overrun a reader that is only a little behind.
inline constexpr std::uint32_t batches_per_turn = 2;
static_assert(2 * batches_per_turn <= batches_per_buffer,
              "what a reader may fall behind while it is greeted is at most its buffer");

// A byte of a line becomes at most six bytes of JSON (\u0000); the rest of an entry (time, source, level, truncation) is bounded.
inline constexpr std::size_t json_growth_max = 6;
inline constexpr std::size_t entry_overhead_bytes_max = 8 * 1024;
static_assert(entry_overhead_bytes_max > json_growth_max * 1024, "a source name of 1 KiB must fit");
inline constexpr std::size_t source_bytes_max = 1024;

constexpr std::size_t entry_bytes_max(std::size_t line_bytes) {
    return json_growth_max * line_bytes + entry_overhead_bytes_max;
}

// Batches of a stream of which is known when they were seen, per core: 8 KiB. A reader that is further behind is measured from the oldest.
inline constexpr std::size_t seen_times_max = 512;

// --- Rings ---
inline constexpr std::uint32_t buffer_entries_floor = 16;
inline constexpr std::uint32_t buffer_entries_ceiling = 1'000'000;
// Ring bytes reserved (not touched) per entry of buffer_size.
inline constexpr std::size_t ring_bytes_per_entry = 512;

// --- State ---
// The range of max_bytes: what a stream keeps on disk of where its entries came from. The floor is some 25,000
// batches.
inline constexpr std::uint64_t state_bytes_floor = 1024 * 1024;
inline constexpr std::uint64_t state_bytes_ceiling = std::uint64_t{16} * 1024 * 1024 * 1024;
// The range of sync_interval_ms. More often, and a disk does nothing else; then "batch" is meant.
inline constexpr std::uint32_t sync_interval_ms_floor = 100;
inline constexpr std::uint32_t sync_interval_ms_ceiling = 60'000;

// --- The past: entries read from the log files again ---
// Readers it is read for at a time on one core; the others wait for their turn. Each has a few open files and a window of text of each.
inline constexpr std::size_t past_slots_max = 4;
inline constexpr std::size_t past_files_per_slot = 4;
// Live readers come first: a turn reads this much for all of them together, some 0.2 ms.
inline constexpr std::size_t past_bytes_per_turn = 64 * 1024;
// After so much a reader makes room for one that waits; later where it had to be unpacked, which begins anew at the file's beginning.
inline constexpr std::uint64_t past_bytes_share = 8 * 1024 * 1024;
inline constexpr std::uint64_t past_packed_bytes_share = 256 * 1024 * 1024;
// After so long, too, when it has found nothing to read; and when its reader has taken nothing for a moment.
inline constexpr std::uint64_t past_ms_share = 2000;
inline constexpr std::uint64_t past_asleep_ms = 100;
// Waiting to be sent to one reader; then it is given no more until that has gone.
inline constexpr std::size_t past_queue_bytes_max = 64 * 1024;
// A file that is not found is looked for again: it may just be being renamed.
inline constexpr std::uint32_t past_search_again_ms = 50;
inline constexpr std::uint32_t past_searches_max = 3;
// One answer of entries_path holds so many unless `limit` says otherwise, and never more than that.
inline constexpr std::uint64_t past_entries_default = 1000;
inline constexpr std::uint64_t past_entries_max = 1'000'000;

// Readers of one core whose past another one reads at a time, because it alone touches those files: what waits in its mailbox while their
// file system hangs is bounded by it.
inline constexpr std::size_t past_errands_max = 8;

// --- Connections ---
// No client may hog a turn: one send carries at most this much.
inline constexpr std::size_t send_bytes_max = 256 * 1024;
inline constexpr std::uint32_t request_head_ms =
    10'000;  // from accept, or from the end of the last answer, to the end of a head
inline constexpr std::size_t request_line_bytes_max = 8 * 1024;
inline constexpr std::size_t request_head_bytes_max = 32 * 1024;
inline constexpr std::uint32_t request_headers_max = 100;
inline constexpr std::uint32_t pipelined_requests_max =
    64;  // answered but not yet sent; more waits in the kernel
inline constexpr std::size_t pipelined_answer_bytes_max = 1024 * 1024;
// A reader whose peer has finished sending is probed at once and again after this.
inline constexpr std::uint32_t probe_again_ms = 500;
// A raw TCP reader that has just connected is given nothing for this long: a client that resumes says so at once.
inline constexpr std::uint32_t tcp_command_wait_ms = 20;
// The line in which it does.
inline constexpr std::size_t tcp_command_bytes_max = 256;
// Bytes a TCP reader or a streaming HTTP reader may send us to be thrown away before it is closed.
inline constexpr std::size_t discard_bytes_max = 64 * 1024;
// A reader that takes nothing (or less than write_progress_bytes_min) for this long is closed. Long enough for a laptop lid, a
// debugger, a reader that pauses for minutes; it costs no memory meanwhile.
inline constexpr std::uint32_t write_stall_ms = 300'000;
inline constexpr std::size_t write_progress_bytes_min = 1024;
inline constexpr std::uint32_t liveness_sweep_ms = 15'000;
// After the last answer: how long the peer may take to finish too. Closing at once could destroy an answer it has not read yet.
inline constexpr std::uint32_t linger_ms = 2000;

// Sockets that the service manager passes, more than anybody has ports, and their names' length, which is systemd's own limit.
inline constexpr std::size_t passed_sockets_max = 256;
inline constexpr std::size_t passed_name_bytes_max = 255;
// A connection that is accepted just before the service stops may still say what it wants.
inline constexpr std::uint32_t first_request_grace_ms = 1000;
inline constexpr int listen_backlog = 4096;  // the kernel cuts it to net.core.somaxconn
inline constexpr std::uint32_t accept_backoff_ms = 100;
// Connections beyond max_clients that a server still takes, so that /status and a refusal in words remain possible.
inline constexpr std::uint32_t spare_connections = 256;

// --- Cores ---
inline constexpr std::uint32_t cores_max = 256;
inline constexpr std::uint32_t mailbox_messages_max = 256;
// Batches on their way from one core to another. A core that is slower than this is sent the rest from the ring when it has caught up.
inline constexpr std::uint32_t batches_in_flight_max = 224;
// Batches made at start; more are made when a core falls that far behind.
inline constexpr std::uint32_t batches_at_start_max = 128;
static_assert(batches_in_flight_max <= mailbox_messages_max * 7 / 8, "control messages find room");
// Cores apart: one for each file system that may hang, or set of them, on which a stream's targets lie. Beyond that they are shared, and
// one that hangs stops the streams of another.
inline constexpr std::size_t cores_apart_max = 16;
// They are asked this often whether they turn; one that has not for so long is said not to answer.
inline constexpr std::uint32_t file_system_look_ms = 500;
inline constexpr std::uint32_t file_system_patience_ms = 2000;
// The same while the process stops: readers are to hear a goodbye, and nothing is lost by going early.
inline constexpr std::uint32_t file_system_stop_look_ms = 100;
inline constexpr std::uint32_t file_system_stop_patience_ms = 500;
// explain and doctor give a file system up that has not let a look at it go on for so long: a disk that has to spin up, or a server under load,
// answers within a few seconds. Looked at so often.
inline constexpr int look_silence_ms = 5000;
inline constexpr int look_interval_ms = 250;
static_assert(look_silence_ms >= 10 * look_interval_ms, "the moment is known well enough");

}  // namespace logwisp
