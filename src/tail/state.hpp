// The inside of Tail. One class, because paths, files and reads refer to each other; one source
// file per concern:
//
//   - places.cpp: which directories are looked into, and what happens in them
//   - naming.cpp: which file a path names now: new, grown, renamed, rotated, gone
//   - refusing.cpp: what is named and not followed: no regular files, links of the wrong people
//   - files.cpp: followers come and go, descriptors and watches with them
//   - rotation.cpp: what a rotation leaves: notices, copies
//   - generations.cpp: generations that came and went between two looks
//   - searching.cpp, deciding.cpp: what was packed (gzip) before it was read: which file holds it
//   - unpacking.cpp: and its text, piece by piece
//   - reading.cpp: read slots, splitting, entries
//   - resume.cpp: stopping so that another Tail goes on, and going on
//   - checking.cpp: everything periodic: verification, retries, polling, retirement
//   - telling.cpp: what /status says of files
//   - tail.cpp: the public face
//
// Every entry point (events, timer, read, sink) notes or does its work and ends with settle().
#pragma once

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "entry/encode.hpp"
#include "tail/carry.hpp"
#include "tail/follower.hpp"
#include "tail/packed.hpp"
#include "tail/place.hpp"
#include "tail/sibling.hpp"
#include "tail/tail.hpp"
#include "tail/targets.hpp"
#include "tail/watch_use.hpp"
#include "tail/watches.hpp"

namespace logwisp {

// Reads under way at a time. A file has at most one and goes back to the end of the queue after it:
// a flood cannot starve the others.
inline constexpr std::size_t read_slots = 8;
// Names of listed directories looked at in one turn. Opening a file that is found costs some 20 us.
inline constexpr std::size_t names_per_turn = 256;
// Files verified per sweep although nothing was told of them, some 5 us each: all that idle ones cost.
inline constexpr std::size_t verified_files_per_sweep = 64;
// Files without events that are looked at, some 3 us each: 2.5 % of a core, however many there are and
// however short the check interval is. Half of them may be such as have grown lately, which are looked
// at every time; the others take turns.
inline constexpr std::size_t polled_files_per_second = 8192;
inline constexpr std::size_t polled_files_per_check_max = 4096;
inline constexpr std::uint32_t busy_ms = 10'000;
// A directory without events rests after it was listed, so long for each of its names, which costs 1 us:
// another 1.3 %. A hundred thousand of them are listed every 8 seconds, a thousand at every check.
inline constexpr std::uint64_t list_rest_us_per_name = 80;
inline constexpr std::size_t verified_directories_per_sweep = 64;
inline constexpr std::uint32_t sweep_ms = 1000;
// A new file that might be a copy in the making and does not grow any more is taken for what it is
// after so long.
inline constexpr std::uint32_t copy_settle_ms = 1000;
// What failed is tried again in so many steps per tick.
inline constexpr std::size_t retries_per_tick = 256;
// Paths without a file whose rotation count is remembered.
inline constexpr std::size_t remembered_paths_max = 1024;
// Files looked at for one that is idle: after every open, so that a flood of opens is not paid for
// twice over, and when none can be opened any more or a second has passed.
inline constexpr std::size_t idle_files_looked_for = 64;
inline constexpr std::size_t idle_files_looked_for_max = 4096;
// Bytes looked back from the end for the last LF: a longer line is cut anyway.
inline constexpr std::size_t look_back_step_bytes = 16 * 1024;
inline constexpr std::size_t absent_paths_max = 256;
// Siblings of a rotated file looked at when searching for a copy or a missed generation.
inline constexpr std::size_t siblings_max = 4096;
// A file is told to be born up to so much before it is: file systems' clocks are coarse.
inline constexpr std::int64_t birth_tick_ns = 10'000'000;

// Where an entry's line stands in its file, for the ledger.
struct LineBytes {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::int64_t read_us = 0;
    std::uint8_t flags = 0;
    std::string_view before_end;
};

struct ReadSlot {
    void on_read(const Outcome& outcome);

    TailState* owner = nullptr;
    Completion completion;
    std::unique_ptr<char[]> buffer;  // read_bytes_max and line_padding_bytes, from the first use on
    Follower* follower = nullptr;
    // As many as a mark is made of, or all there are.
    [[nodiscard]] std::string_view bytes_before_rest() const {
        const auto bytes_before = static_cast<std::size_t>(rest.data() - buffer.get());
        const std::size_t bytes = std::min(bytes_before, ledger_mark_bytes);
        return {rest.data() - bytes, bytes};
    }
    std::string_view rest;      // read and not yet split
    std::string_view got;       // what the read brought
    ContentMark before;         // the follower's, before this read
    std::uint64_t seen_ns = 0;  // when it was seen that there is something to read
    std::uint64_t order = 0;    // of the read: blocked slots go on in this order
    bool full = false;          // the read brought all that was asked for: there is more
    Timestamp read_at;
};

struct TailState final : WatchListener, PackedTextOwner, TurnHook {
    TailState(TailParts the_parts, std::string name, const MonitorConfig& config,
              EntrySink& the_sink);

    // --- Entry points (tail.cpp) ---
    void start(std::unique_ptr<TailPositions> from);
    void on_sink_ready();
    void on_event(const WatchEvent& event) override;
    void on_events_lost() override { events_lost = true; }
    void on_events_end() override;
    void on_tick();
    bool on_turn_end() override;
    void on_read(ReadSlot& slot, const Outcome& outcome);
    void close();
    void settle();
    void finish_start();
    void act_on_events();
    void act_on(const NotedEvent& event);
    [[nodiscard]] bool concerns(const NamesUse* use, std::string_view name) const;
    void release_everything();
    [[nodiscard]] bool reading() const;

    // --- places.cpp ---
    void look_for_root(std::uint32_t target);
    void look_for_missing_roots();
    void watch_missing_roots();
    void add_place(Place place);
    [[nodiscard]] bool looks_for_files(const Place& place);
    void scan_later(Place& place, bool told);
    void scan_places();
    [[nodiscard]] bool may_look_at_another();
    void list_names(Place& place);
    void note_rotated_name(const Place& place, std::string_view name);
    void look_beside_rotated();
    void consider(const Place& place, const std::string& name, bool told);
    void recheck_place(Place& place);
    void recheck_places_at(const std::string& path);
    [[nodiscard]] static bool is_polled(const FollowedPath& entry);
    void drop_places(const std::string& path, std::uint32_t target);
    void look_below(const std::string& directory);
    void watch_place(Place& place);
    [[nodiscard]] NamesUse& names_use(int watch);
    void release_watch_if_unused(int watch);
    void look_at_everything();
    void told_no_watch(const Error& error);

    // --- naming.cpp ---
    void look(const std::string& path, std::uint32_t target);
    [[nodiscard]] Result<FileStatus> status_of(const std::string& path);
    FollowedPath& entry_for(const std::string& path, std::uint32_t target);
    void path_gone(FollowedPath& entry);
    void path_failed(FollowedPath& entry, const Error& error);
    void path_works(FollowedPath& entry);
    void name_again(FollowedPath& entry, Follower& known);
    void open_new(FollowedPath& entry);
    [[nodiscard]] Follower* last_rotated(const FollowedPath& entry);
    [[nodiscard]] Result<void> begin(FollowedPath& entry, const FileStatus& status, int file,
                                     Follower& follower);
    [[nodiscard]] Result<void> begin_at_end(Follower& follower, int file, std::uint64_t size_bytes);
    void leave_path(FollowedPath& entry, Follower& follower);
    void watch_links(const std::string& path);
    void name_sources(const std::string& base);
    void forget_path_if_unused(FollowedPath& entry);
    [[nodiscard]] FollowedPath* path_at(const std::string& path);

    // --- refusing.cpp ---
    void refuse(FollowedPath& entry);
    void refuse_name(FollowedPath& entry, const Error& error);
    void refuse_directory(const Place& place, const Error& error);
    void look_at_refused_directories();
    void tell_refused(const std::string& path, const Error& error, bool first);
    void leave_refused(FollowedPath& entry);
    void told_writable(const Place& place, const FileStatus& status);

    // --- files.cpp ---
    Follower& add_follower(std::unique_ptr<Follower> made, const FileStatus& status, int file);
    void retire(Follower& follower);
    void destroy(Follower& follower);
    void leave_alone(Follower& follower);
    void close_file(Follower& follower);
    void close_file(int file);
    void watch_file(Follower& follower, const std::string& path);
    void names_changed(Follower& follower);
    void set_primary(Follower& follower, FollowedPath* entry);
    void set_origin(Follower& follower, FollowedPath* entry);
    void set_current(FollowedPath& entry, Follower* follower);
    [[nodiscard]] Follower* find(const FileIdentity& identity);
    void adopt_identity(Follower& follower, const FileIdentity& identity);
    [[nodiscard]] Result<int> open_file(const std::string& path);
    [[nodiscard]] Result<FileStatus> judged_status(const std::string& path);
    using ListedName = std::function<void(std::string_view name, FileKind kind)>;
    [[nodiscard]] Result<void> list_directory(const std::string& path, const ListedName& each);
    [[nodiscard]] bool find_descriptors(const Error& error);
    void limit_descriptors(std::size_t looked_at_max);
    [[nodiscard]] Result<void> reopen(Follower& follower);
    [[nodiscard]] std::unique_ptr<Follower> make_follower();

    // --- rotation.cpp ---
    void examine(Follower& follower, const FileStatus& status);
    [[nodiscard]] bool look_for_truncation(Follower& follower);
    void truncated(Follower& follower, const FileStatus& status);
    void rotated(Follower& follower, RotationReason reason, Loss loss);
    void after(Follower& first, Follower& then);
    void release_successor(Follower& follower);
    [[nodiscard]] Follower* recover_copy(Follower& follower);
    [[nodiscard]] Likeness likeness_so_far(const FileStatus& copy, int file, Follower& old);
    [[nodiscard]] bool resolve_generation(Follower& follower, Follower& old,
                                          const FileStatus& status, bool settled);
    void is_generation(Follower& follower);
    void out_of_doubt(Follower& follower);
    [[nodiscard]] bool overwritten(const Follower& follower, const FileStatus& status);
    void pass_over_overwritten(Follower& follower, const FileStatus& status);
    // True when it is known what the follower is.
    [[nodiscard]] bool resolve_copy(Follower& follower);

    // --- generations.cpp ---
    void look_for_generations(const std::string& path);
    [[nodiscard]] Follower* first_generations(const std::string& path, std::uint32_t target,
                                              const Follower* next);
    [[nodiscard]] bool has_unseen_sibling(const FollowedPath& entry);
    [[nodiscard]] bool was_born_unseen(const FileStatus& status, std::uint32_t target) const;
    void all_seen_until_now();
    [[nodiscard]] Follower& recover_generations(FollowedPath& entry, Follower& old,
                                                const Follower* next);
    [[nodiscard]] Result<void> open_under_rotated_name(Follower& follower);
    enum class Form : std::uint8_t { plain, packed, packed_otherwise };
    [[nodiscard]] Result<std::vector<Sibling>> rotated_siblings(const std::string& path,
                                                                Form form = Form::plain);
    [[nodiscard]] Follower* open_sibling(const Sibling& sibling, FollowedPath& origin);
    [[nodiscard]] Result<std::vector<Sibling>> list_siblings(const std::string& path, Form form);
    [[nodiscard]] Result<int> open_rotated(const Sibling& sibling, const std::string& original);

    // --- searching.cpp ---
    // False: no packed file may hold any of it.
    [[nodiscard]] bool search_packed(Follower& old, bool rest_is_packed);
    void search_generations(Follower& old);
    [[nodiscard]] PackedSearch* search_for(const Follower& old);
    PackedSearch& add_search(Follower& old, bool rest_is_packed);
    [[nodiscard]] PackedBounds bounds_of(const Follower& old, bool rest_is_packed);
    [[nodiscard]] std::vector<PackedFile> packed_siblings(const PackedBounds& bounds);
    [[nodiscard]] bool step_search(PackedSearch& search);
    void begin_search(PackedSearch& search);
    [[nodiscard]] bool look_into(PackedSearch& search, PackedFile& file);
    void looked_into(PackedSearch& search, PackedFile& file, PackedFile::State state);
    [[nodiscard]] bool wait_for_growth(PackedSearch& search);
    void end_search(PackedSearch& search);
    [[nodiscard]] PackedQuestion question_of(const PackedSearch& search);
    void add_generations(Follower& old, const std::vector<PackedFile>& files,
                         const PackedChoice& choice);
    void told_undecided(Follower& old, const PackedFile& file);
    void gone(Follower& follower, bool unread);
    void add_loss(Follower& first, Loss loss);
    void number_notices(Follower& first);
    [[nodiscard]] bool undecided(const Follower& follower) const;
    [[nodiscard]] bool keeps_its_path(const Follower& follower);
    [[nodiscard]] Follower* search_copy(Follower& follower);
    [[nodiscard]] Follower* search_first(FollowedPath& entry, std::int64_t since_ns);

    // --- unpacking.cpp ---
    void on_packed_read() override;
    void on_packed_timer();
    void work_on_packed();
    void begin_unpacking(Follower& follower, const PackedFile& file);
    [[nodiscard]] Unpacking* unpacking_of(const Follower& follower);
    [[nodiscard]] bool has_unpacked(const Follower& follower);
    void step_unpacking(Unpacking& unpacking);
    [[nodiscard]] bool open_packed(Unpacking& unpacking);
    [[nodiscard]] Result<int> open_packed_file(Unpacking& unpacking);
    [[nodiscard]] Result<void> keep_piece(Unpacking& unpacking, std::string_view piece);
    void free_what_was_read(Unpacking& unpacking);
    void give_up_unpacking(Unpacking& unpacking, std::string_view why);
    void close_unpacking(Follower& follower);

    // --- resume.cpp ---
    [[nodiscard]] std::unique_ptr<TailPositions> hand_over();
    void leave_waiting(Follower& searching);
    [[nodiscard]] FilePosition position_of(Follower& follower);
    [[nodiscard]] bool is_to_be_read(const Follower& follower);
    void take_over(std::unique_ptr<TailPositions> positions);
    [[nodiscard]] FollowedPath* restore_path(const std::string& path);
    Follower* restore(FilePosition& position);
    void look_at_resumed();
    [[nodiscard]] bool was_looked_for(std::uint32_t target) const;
    [[nodiscard]] bool was_followed(std::uint32_t target) const;
    [[nodiscard]] std::int64_t seen_until_at_start_ns(std::uint32_t target) const;
    [[nodiscard]] bool go_on_unnamed(const FileStatus& status, int file, Follower& follower);
    [[nodiscard]] bool resolve_mark(Follower& follower);

    // --- recording.cpp ---
    void record_due(Follower& follower);
    void record_what_is_due();
    void record_file(LedgerRecords& records, std::uint32_t index, Follower& follower);
    void record_position(LedgerRecords& records, std::uint32_t index, Follower& follower);
    void record_targets(LedgerRecords& records, std::uint32_t index);
    void record_line(const Batch& open, Follower& follower, const LineBytes& where);
    void record_notice(const Batch& open, Follower& follower, Timestamp made);
    void record_all(LedgerRecords& records);
    [[nodiscard]] ContentMark published_mark(Follower& follower);

    // --- reading.cpp ---
    void schedule(Follower& follower);
    void unschedule(Follower& follower);
    void pump();
    enum class Next : std::uint8_t { read, nothing, sink_full };
    [[nodiscard]] Next prepare(Follower& follower);
    void start_read(Follower& follower, ReadSlot& slot, bool may_be_cached);
    void split(ReadSlot& slot);
    void slot_done(ReadSlot& slot);
    void note_held(Follower& follower);
    void after_read(Follower& follower, bool full);
    void look_after_read(Follower& follower);
    void read_failed(Follower& follower, const Error& error);
    void skip_hole(Follower& follower, std::string_view bytes);
    [[nodiscard]] Batch* batch();
    void emit(Batch& batch, Follower& follower, const SplitLine& line, bool partial,
              Timestamp read_at, const LineBytes& where);
    [[nodiscard]] bool emit_partial(Follower& follower);
    [[nodiscard]] bool emit_notice(Follower& follower);
    [[nodiscard]] ReadSlot* free_slot();

    // --- telling.cpp ---
    void note(Follower& follower, FileEvent event);
    [[nodiscard]] Watchers watchers(const WatcherQuestion& question);
    [[nodiscard]] WatcherStatus row_of(std::uint32_t target, const std::string& path) const;
    [[nodiscard]] WatcherStatus row_of(const Follower& follower) const;
    void tell_unread_paths(const WatcherQuestion& question, Watchers& told);
    void tell_missing_targets(const WatcherQuestion& question, Watchers& told);

    // --- checking.cpp ---
    void sweep();
    void poll_unwatched();
    void poll_files();
    void note_busy(Follower& follower);
    [[nodiscard]] std::size_t polled_files_per_check() const;
    void retry_due();
    void check_retired();
    void told_lost(const Follower& follower, std::uint64_t size_bytes);
    void check_held();
    void check_suspects();
    void verify(Follower& follower);
    void watch_again();
    void arm_tick();

    [[nodiscard]] std::uint64_t now_ms() const { return parts.reactor.now_ms(); }
    [[nodiscard]] FileSystem& files() { return parts.files; }
    [[nodiscard]] LinkRule links() const { return {config.follow_symlinks}; }

    TailParts parts;
    std::string stream_name;
    MonitorConfig config;
    EntrySink& sink;
    TailCounters counters;
    std::vector<TargetPlan> plans;
    CarryPool carries;

    std::vector<std::unique_ptr<Place>> places;
    std::unordered_multimap<FileIdentity, Place*, IdentityHash> places_by_identity;
    std::unordered_multimap<std::string, Place*> places_by_path;
    std::vector<Place*> places_to_scan;
    Listing listing;
    std::uint64_t names_turn = 0;
    std::size_t names_left = names_per_turn;
    std::uint32_t next_target = 0;             // while starting
    std::vector<std::uint32_t> missing_roots;  // targets
    std::unordered_map<int, WatchUse> watch_uses;
    std::map<std::string, RefusedDirectory> refused_directories;  // by path
    std::string refused_looked_at;                                // the last of them, in turn
    std::set<std::string> told_directories;                       // refused at some time

    std::map<std::string, FollowedPath, std::less<>> paths;
    std::unordered_multimap<std::string_view, FollowedPath*>
        paths_by_base;                       // keys: parts of theirs
    std::vector<std::string> bases_to_name;  // whose sources are to be made unique
    std::vector<std::unique_ptr<Follower>> followers;
    std::unordered_map<FileIdentity, Follower*, IdentityHash> by_identity;
    // Files that were closed but not deleted: one that comes back goes on where it was.
    std::unordered_map<FileIdentity, ContentMark, IdentityHash> remembered;

    std::vector<NotedEvent> events;  // until on_events_end()
    bool events_lost = false;
    std::array<ReadSlot, read_slots> slots;
    std::uint64_t reads = 0;
    Follower* queue_first = nullptr;
    Follower* queue_last = nullptr;
    bool sink_blocked = false;
    bool pumping = false;

    // Packed files.
    std::vector<std::unique_ptr<PackedSearch>> searches;  // one after the other
    std::vector<std::unique_ptr<Unpacking>> unpackings;
    Timer packed_timer;
    std::uint64_t packed_turn = 0;
    std::uint32_t packed_copies = 0;
    std::size_t packed_left = packed_bytes_per_turn;
    std::uint64_t packed_wake_ms = 0;  // 0: nothing waits for a later turn

    Timer tick;
    std::uint64_t tick_at_ms = 0;
    std::uint64_t next_sweep_ms = 0;
    std::uint64_t next_poll_ms = 0;
    std::size_t verify_cursor = 0;
    std::size_t poll_cursor = 0;
    std::size_t place_cursor = 0;
    std::size_t descriptor_cursor = 0;
    std::size_t unwatched_files = 0;
    std::size_t unwatched_places = 0;
    // Small lists: followers and paths that need a look in time.
    std::vector<Follower*> retired;
    std::vector<Follower*> suspects;   // maybe_copy, waiting to be resolved
    std::vector<Follower*> busy;       // without events, and have grown lately
    std::vector<Follower*> just_read;  // their status is due at the turn's end
    // Of those: what may be a copy of the second, and else is the generation that came after it.
    std::vector<std::pair<Follower*, Follower*>> generations_in_doubt;
    std::vector<Follower*> holding;         // a partial line, when flush_partial_ms > 0
    std::vector<std::string> absent_paths;  // looked for in every sweep
    // By target: what was born later and has gone from its name may never have been seen.
    std::vector<std::int64_t> seen_until_ns;
    // Paths that had no file yet, beside which there is a name as rotation makes it, and their
    // targets; until the end of the turn's events or the listing.
    std::map<std::string, std::uint32_t> beside_rotated;
    RetryList<Follower> failed;            // cannot be read
    RetryList<FollowedPath> failed_paths;  // cannot be looked at or opened
    LogLimiter watch_limiter{60'000};
    LogLimiter refusal_limiter{60'000};
    // For the ledger.
    std::uint32_t file_number_max = 0;
    std::vector<Follower*> to_record;     // position_due
    std::vector<std::uint32_t> to_close;  // numbers of files that are followed no more
    bool targets_due = true;
    bool starting = false;
    bool started = false;
    bool closing = false;
    std::unique_ptr<TailPositions> resumed;  // while starting
    std::unique_ptr<TailPositions> stopped_at;
};

}  // namespace logwisp
