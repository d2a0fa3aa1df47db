// Where lines are written: the followed file, or, for a peer, a connection over which they are
// published. Blocking; used by one thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "endpoint.hpp"

namespace logwisp::bench {

class Feed {
  public:
    // Ends the program with a message when it cannot be opened.
    explicit Feed(const std::string& file);
    explicit Feed(const Endpoint& peer);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    // Appends the line, given without its LF, to `block` as this feed takes it.
    void frame(std::string_view line, std::string& block);
    void write(std::string_view block);

  private:
    void write_to_file(std::string_view block) const;
    void write_to_peer(std::string_view block) const;

    std::string name_;
    Protocol protocol_ = Protocol::raw;
    std::size_t framed_bytes_ = 0;  // of the line that `before_` and `after_` are for
    std::string before_;
    std::string after_;
    int descriptor_ = -1;
};

}  // namespace logwisp::bench
