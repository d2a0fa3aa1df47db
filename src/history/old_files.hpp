// The files in which the entries of the past stand now: opened as they are needed, the last few kept
// open. Files are renamed, copied, packed and truncated after they were read: a file is taken for
// the right one only when it holds, right before a run's end, what the ledger says was read there.
// Core thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "history/ledger_reader.hpp"
#include "history/old_file.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

class OldFiles {
  public:
    OldFiles(Reactor& reactor, FileSystem& files, OldFileOwner& owner)
        : reactor_(reactor), files_(files), owner_(owner) {}

    // Begins to look for the file that holds `run`, by what links may lead to.
    void look_for(const PastRun& run, const RecordedFile& recorded, std::uint64_t salt,
                  FollowSymlinks links);
    // Goes on looking. ready: found() holds it. nothing: no file does.
    [[nodiscard]] OldFile::Got look();
    [[nodiscard]] OldFile& found() { return *candidates_.front().open; }
    // There was no descriptor for one of them: looking again later may find it.
    [[nodiscard]] bool ran_out_of_descriptors() const { return ran_out_; }
    // The file itself was there, and holds something else where the run was.
    [[nodiscard]] bool was_overwritten() const { return overwritten_; }
    [[nodiscard]] bool any_packed() const;

    void cancel();
    [[nodiscard]] bool idle() const;
    void close_all();  // REQUIRES: idle()

  private:
    // Numbers mean something within one ledger.
    struct Known {
        std::unique_ptr<OldFile> file;
        std::uint64_t salt = 0;
        std::uint32_t number = 0;
        std::string path;
    };
    struct Candidate {
        std::string path;
        std::optional<std::uint32_t> owner;  // only a file of this user
        OldFile* open = nullptr;             // one of known_
    };

    void list_candidates(const RecordedFile& recorded);
    [[nodiscard]] OldFile* open(const Candidate& candidate);
    void keep(const OldFile& file);
    [[nodiscard]] OldFile::Got compare(OldFile& file);

    Reactor& reactor_;
    FileSystem& files_;
    OldFileOwner& owner_;
    std::vector<Known> known_;  // the one used last comes last
    PastRun run_;
    RecordedFile recorded_;
    std::uint64_t salt_ = 0;
    FollowSymlinks links_ = FollowSymlinks::owned;
    std::vector<Candidate> candidates_;  // the first is being looked at
    bool listed_ = false;
    bool ran_out_ = false;
    bool overwritten_ = false;
};

}  // namespace logwisp
