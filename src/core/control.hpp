// The service's end of `logwisp reload` (include/logwisp/control.hpp). Control thread.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

namespace logwisp {

class Control {
  public:
    Control();  // says so when nobody can be heard, and goes on
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    using Time = std::chrono::steady_clock::time_point;

    // Readable when somebody asks; -1: not to be waited for, never or until pause_ends().
    [[nodiscard]] int descriptor(Time now) const { return now < pause_ends_ ? -1 : listening_; }
    [[nodiscard]] Time pause_ends() const { return pause_ends_; }
    // Those who ask and may, to be answered. Takes a bounded number, the refused among them: the descriptor stays readable for the rest.
    [[nodiscard]] std::vector<int> accept(Time now);
    // Never waits: a reader that is not there when it is answered hears nothing.
    static void answer(int asker, int exit_code, std::string_view text);

  private:
    void pause(Time now, int error);

    int listening_ = -1;
    Time pause_ends_{};
    bool trouble_told_ = false;
};

}  // namespace logwisp
