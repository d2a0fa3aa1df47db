#include "core/watchers_json.hpp"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "base/clock.hpp"
#include "wire/json.hpp"

namespace logwisp {

namespace {

void write_time(JsonWriter& json, std::string_view key, std::int64_t wall_us) {
    json.key(key);
    if (wall_us == 0)
        json.null();
    else
        json.string(rfc3339_us(wall_us));
}

void write_target(JsonWriter& json, const WatcherStatus& watcher) {
    json.key("target");
    json.begin_object();
    json.key("path");
    json.string(watcher.target_path);
    json.key("pattern");
    json.string(watcher.target_pattern);
    json.end_object();
}

// The device as lsblk(8) and mountinfo write it; the generation, of which only equality means
// something, as text: a number of 64 bits is more than JavaScript takes.
void write_identity(JsonWriter& json, const WatcherStatus& watcher) {
    json.key("identity");
    if (!watcher.identity) return json.null();
    const FileIdentity& identity = *watcher.identity;
    json.begin_object();
    json.key("device");
    json.string(fmt::format("{}:{}", major(identity.device), minor(identity.device)));
    json.key("inode");
    json.number(identity.inode);
    json.key("generation");
    if (identity.generation == 0)
        json.null();
    else
        json.string(fmt::format("{:016x}", identity.generation));
    write_time(json, "born", watcher.born_ns / 1000);
    json.end_object();
}

void write_rotation_history(JsonWriter& json, const WatcherStatus& watcher) {
    json.key("rotation_history");
    json.begin_array();
    for (const PastRotation& rotation : watcher.last_rotations.past()) {
        json.begin_object();
        json.key("number");
        json.number(rotation.number);
        json.key("reason");
        json.string(reason_text(rotation.reason));
        write_time(json, "time", rotation.time_us);
        json.end_object();
    }
    json.end_array();
}

void write_last_event(JsonWriter& json, const WatcherStatus& watcher) {
    json.key("last_event");
    if (!watcher.last_event) return json.null();
    json.begin_object();
    json.key("kind");
    json.string(event_name(*watcher.last_event));
    write_time(json, "time", watcher.last_event_us);
    json.end_object();
}

void write_row(JsonWriter& json, const WatcherStatus& watcher) {
    json.begin_object();
    json.key("path");
    json.string(watcher.path);
    json.key("size");
    json.number(watcher.size_bytes);
    json.key("position");
    json.number(watcher.position);
    json.key("entries");
    json.number(watcher.entries);
    json.key("rotations");
    json.number(watcher.rotations);
    write_time(json, "last_read", watcher.last_read_us);
    write_target(json, watcher);
    write_identity(json, watcher);
    write_rotation_history(json, watcher);
    write_last_event(json, watcher);
    json.key("polled");
    json.boolean(watcher.polled);
    json.key("draining");
    json.boolean(watcher.draining);
    if (!watcher.error.empty()) {
        json.key("error");
        json.string(watcher.error);
    }
    json.end_object();
}

}  // namespace

WatchersJson watchers_json(const Watchers& watchers) {
    WatchersJson out;
    out.rows.clear();
    JsonWriter json(out.rows);
    json.begin_array();
    for (const WatcherStatus& watcher : watchers.rows) write_row(json, watcher);
    json.end_array();
    out.not_shown = watchers.not_shown;
    return out;
}

}  // namespace logwisp
