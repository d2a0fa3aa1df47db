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
    // False when not all of it could be written; error() says why.
    [[nodiscard]] bool write(std::string_view block);
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    bool write_to_file(std::string_view block);
    bool write_to_peer(std::string_view block);
    bool fail(int error);

    std::string name_;
    std::string error_;
    Protocol protocol_ = Protocol::raw;
    std::size_t framed_bytes_ = 0;  // of the line that `before_` and `after_` are for
    std::string before_;
    std::string after_;
    int descriptor_ = -1;
};

}  // namespace logwisp::bench
