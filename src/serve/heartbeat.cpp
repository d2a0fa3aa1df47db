#include "serve/heartbeat.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "wire/json.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {

std::string heartbeat_json(const HeartbeatConfig& config, const HeartbeatFacts& facts) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("type");
    json.string("heartbeat");
    if (config.include_timestamp) {
        json.key("timestamp");
        json.string(rfc3339_seconds(facts.wall_us));
    }
    if (config.include_stats) {
        json.key("active_clients");
        json.number(facts.clients);
        json.key("uptime_seconds");
        json.number(facts.uptime_seconds);
    }
    json.end_object();
    return out;
}

}  // namespace

std::string sse_heartbeat(const HeartbeatConfig& config, const HeartbeatFacts& facts) {
    if (config.format == HeartbeatFormat::json)
        return "data: " + heartbeat_json(config, facts) + "\n\n";
    std::string text = "heartbeat";
    if (config.include_timestamp) text += " " + rfc3339_seconds(facts.wall_us);
    if (config.include_stats)
        text += fmt::format(" clients={} uptime={}s", facts.clients, facts.uptime_seconds);
    return sse_comment(text);
}

std::string tcp_heartbeat(const HeartbeatConfig& config, const HeartbeatFacts& facts) {
    return heartbeat_json(config, facts) + "\n";
}

}  // namespace logwisp
