// A raw TCP reader: entries as JSON lines from the moment of the connection; what it sends is
// thrown away. Core thread.
#pragma once

#include "serve/session.hpp"

namespace logwisp {

class TcpSession final : public Session {
  public:
    using Session::Session;

    void open() override;
    void on_joined(Stream& stream) override;
    void on_status(std::string) override {}

  private:
    void on_received(std::span<const char> bytes) override;
    void on_peer_finished() override;
    void on_deadline() override { probe(); }
    void probe();
    std::string gap_notice(const View::Gap& gap) override;
    std::string goodbye(std::string_view reason) override;
    void on_left(StreamInfo& stream) override;
};

}  // namespace logwisp
