#include "file_script.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <vector>

#include "base/check.hpp"

namespace logwisp::sim {

namespace {

constexpr std::uint32_t watched = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                                  IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

std::string mask_text(std::uint32_t mask) {
    static constexpr std::pair<std::uint32_t, const char*> names[] = {
        {IN_MODIFY, "modify"},   {IN_ATTRIB, "attrib"},           {IN_CLOSE_WRITE, "close"},
        {IN_CREATE, "create"},   {IN_DELETE, "delete"},           {IN_MOVED_FROM, "from"},
        {IN_MOVED_TO, "to"},     {IN_DELETE_SELF, "delete_self"}, {IN_MOVE_SELF, "move_self"},
        {IN_IGNORED, "ignored"}, {IN_ISDIR, "directory"},         {IN_UNMOUNT, "unmount"}};
    std::string text;
    for (const auto& [bit, name] : names)
        if ((mask & bit) != 0) text += std::string(text.empty() ? "" : "+") + name;
    return text;
}

class Runner {
  public:
    explicit Runner(FileWorld& world) : world_(world), files_(world.files()) {}

    std::string run(std::string_view script) {
        std::istringstream lines{std::string(script)};
        std::string line;
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::vector<std::string> parts;
            for (std::string word; words >> word;) parts.push_back(word);
            if (parts.empty()) continue;
            say("{}", fmt::join(parts, " "));
            parts.resize(4);
            step(parts[0], parts[1], parts[2], parts[3]);
        }
        for (const auto& [label, file] : open_) files_.close(file);
        if (instance_ >= 0) files_.close(instance_);
        return out_;
    }

  private:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    std::string at(const std::string& path) { return world_.root() + path; }
    void done(int result) {
        if (result < 0) say("  {}", std::strerror(-result));
    }

    void step(const std::string& verb, const std::string& a, const std::string& b,
              const std::string& c) {
        if (verb == "writer") return done(world_.open_writer(a, at(b), c != "at"));
        if (verb == "write") return world_.write(a, b + "\n");
        if (verb == "seek") return world_.seek(a, std::stoull(b));
        if (verb == "cut") return world_.cut(a, std::stoull(b));
        if (verb == "close") return world_.close_writer(a);
        if (verb == "mkdir") return done(world_.make_directory(at(a)));
        if (verb == "fifo") return done(world_.make_fifo(at(a)));
        if (verb == "link") return done(world_.make_link(at(a), at(b)));
        if (verb == "symlink") return done(world_.make_symlink(a, at(b)));
        if (verb == "rename") return done(world_.rename(at(a), at(b)));
        if (verb == "rm") return done(world_.remove(at(a)));
        if (verb == "trunc") return done(world_.truncate(at(a), std::stoull(b)));
        if (verb == "mode")
            return done(
                world_.set_mode(at(a), static_cast<std::uint32_t>(std::stoul(b, nullptr, 8))));
        look(verb, a, b, c);
    }

    void look(const std::string& verb, const std::string& a, const std::string& b,
              const std::string& c) {
        if (verb == "open") return open(a, at(b));
        if (verb == "status") return describe(files_.status(open_.at(a)));
        if (verb == "stat") return describe(files_.status(at(a)));
        if (verb == "lstat") return describe(files_.link_status(at(a)));
        if (verb == "readlink") return read_link(at(a));
        if (verb == "read") return read(open_.at(a), std::stoull(b), std::stoull(c));
        if (verb == "data") return say("  {}", files_.next_data(open_.at(a), std::stoull(b)));
        if (verb == "list") return list(at(a));
        if (verb == "watch") return watch(a, at(b));
        if (verb == "unwatch") return files_.watch_remove(instance_, watches_.at(a));
        if (verb == "events") return events();
        CHECK(verb == "shut");
        files_.close(open_.at(a));
        open_.erase(a);
    }

    void open(const std::string& label, const std::string& path) {
        const auto file = files_.open(path);
        if (!file) return say("  {}", std::strerror(file.error().code));
        open_[label] = *file;
    }

    void describe(const Result<FileStatus>& status) {
        if (!status) return say("  {}", std::strerror(status.error().code));
        const auto& seen = status->identity;
        auto known = std::find(identities_.begin(), identities_.end(), seen);
        if (known == identities_.end()) known = identities_.insert(known, seen);
        static constexpr const char* kinds[] = {"regular", "directory", "symlink", "other"};
        const bool sized = status->kind == FileKind::regular;
        // Some file systems count the links of a directory otherwise.
        say("  {} #{} {} bytes {} links", kinds[static_cast<int>(status->kind)],
            known - identities_.begin(), sized ? status->size_bytes : 0,
            status->kind == FileKind::directory ? std::min(status->links, 1u) : status->links);
    }

    void read_link(const std::string& path) {
        const auto target = files_.read_link(path);
        if (!target) return say("  {}", std::strerror(target.error().code));
        say("  {}", *target);
    }

    void read(int file, std::uint64_t offset, std::size_t bytes) {
        std::string buffer(bytes, '?');
        const auto count = files_.read_at(file, {buffer.data(), bytes}, offset);
        if (!count) return say("  {}", std::strerror(count.error().code));
        std::string text = buffer.substr(0, *count);
        std::replace(text.begin(), text.end(), '\n', '|');
        std::replace(text.begin(), text.end(), '\0', '0');
        say("  {} {}", *count, text);
    }

    void list(const std::string& directory) {
        std::vector<std::string> names;
        const auto result = files_.list(directory, [&](std::string_view name, FileKind kind) {
            names.push_back(fmt::format("{}:{}", name, static_cast<int>(kind)));
        });
        if (!result) return say("  {}", std::strerror(result.error().code));
        std::sort(names.begin(), names.end());
        say("  {}", fmt::join(names, " "));
    }

    void watch(const std::string& label, const std::string& path) {
        if (instance_ < 0) instance_ = files_.watch_open().value();
        const auto number = files_.watch_add(instance_, path, watched);
        if (!number) return say("  {}", std::strerror(number.error().code));
        for (const auto& [other, known] : watches_)
            if (known == *number) say("  the same as {}", other);
        watches_[label] = *number;
        labels_.try_emplace(*number, label);
    }

    // Whether a directory hears of a removal before or after the file's own watch hears the last of
    // it differs between kernels, so these last words are written behind the others.
    void events() {
        std::string last_words;
        const bool complete = files_.watch_read(instance_, [&](const WatchEvent& event) {
            const std::string text = fmt::format("  {} {} {}\n", labels_.at(event.watch),
                                                 mask_text(event.mask), event.name);
            const bool last = (event.mask & (IN_DELETE_SELF | IN_IGNORED)) != 0;
            (last ? last_words : out_) += text;
        });
        out_ += last_words;
        if (!complete) say("  overflow");
    }

    FileWorld& world_;
    FileSystem& files_;
    std::string out_;
    std::map<std::string, int> open_;
    int instance_ = -1;
    std::map<std::string, int> watches_;
    std::map<int, std::string> labels_;
    std::vector<FileIdentity> identities_;
};

}  // namespace

std::string run_file_script(FileWorld& world, std::string_view script) {
    return Runner(world).run(script);
}

}  // namespace logwisp::sim
