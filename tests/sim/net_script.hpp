// Scripts of connections and operations, run over any Backend: the same text against the simulated
// kernel, io_uring and epoll must leave the same transcript, or the model is wrong. One command a
// line; C is a client, S the number of an accepted socket (s1, s2, ...):
//
//   listen   accept   connect C   say C TEXT   hear C (all there is)   finish C (half close) leave
//   C (close)   reset C recv S   send S TEXT   fill S (until -EAGAIN)   poll S in|out|hangup cancel
//   S recv|poll   cancel accept half S (shutdown_write)   end S (shutdown_both)   close S   turn
//
// `turn` prints the outcomes since the last one, by operation. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/backend.hpp"

namespace logwisp::sim {

// The other side: who listens for the program and who connects to it.
class NetWorld {
  public:
    virtual ~NetWorld() = default;
    virtual Backend& backend() = 0;
    virtual int listen() = 0;
    virtual bool connect(const std::string& client) = 0;
    virtual void say(const std::string& client, std::string_view text) = 0;
    // What arrived, then "(end)" or "(reset)" when nothing more comes. `wanted`: how much is
    // expected, nullptr: whatever is there.
    virtual std::string hear(const std::string& client, const std::string* wanted) = 0;
    virtual void finish(const std::string& client) = 0;
    virtual void leave(const std::string& client) = 0;
    virtual void reset(const std::string& client) = 0;
};

// What a script did. `answers` has, for each command that waits, what it waited for: a second world
// is given them, so that it knows what it still has to wait for.
struct Transcript {
    std::string text;
    std::vector<std::string> answers;
};

Transcript run_net_script(NetWorld& world, std::string_view script, const Transcript* expected);

std::unique_ptr<NetWorld> make_simulated_net();
std::unique_ptr<NetWorld> make_real_net(std::unique_ptr<Backend> backend);

}  // namespace logwisp::sim
