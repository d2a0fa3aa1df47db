// A raw TCP reader: entries as JSON lines from the moment of the connection. Right after connecting
// it may say in one line where it wants to begin (serve/read_from.hpp); its entries then carry their
// ids. Everything else it sends is thrown away. Core thread.
#pragma once

#include <memory>
#include <string>

#include "serve/session.hpp"

namespace logwisp {

class TcpSession final : public Session {
  public:
    using Session::Session;

    void open() override;
    void on_joined(Stream& stream) override;
    void on_status(std::string) override {}

  private:
    // What exists only while a command may still come.
    struct Listening {
        std::string line;                      // so far
        std::unique_ptr<ReadCommand> command;  // came before the stream was here
        std::uint64_t since = 0;               // the next entry when it connected
        std::uint64_t joined_at = 0;           // the first it can be given; 0: has not joined
        View::Gap missed;                      // in between, lost already
        bool nothing_comes = false;            // no command will, and it has not joined yet
        Stream* stream = nullptr;
    };

    void on_received(std::span<const char> bytes) override;
    void on_peer_finished() override;
    void on_deadline() override;
    void on_command(ReadCommand command);
    void begin_now();
    void refuse(std::string_view message);
    void too_late(const ReadFrom& from, Stream& stream);
    void probe();
    View& view_instead() override;
    std::string gap_notice(const Missed& missed) override;
    void frame_entry(std::uint64_t sequence, std::string_view json, std::string& out) override;
    std::string goodbye(std::string_view reason) override;
    void on_left(StreamInfo& stream) override;

    std::unique_ptr<Listening> listening_;
    Stream* numbered_from_ = nullptr;  // whose numbered lines it is given from its next entry on
    bool numbered_ = false;
    bool peer_finished_ = false;
};

}  // namespace logwisp
