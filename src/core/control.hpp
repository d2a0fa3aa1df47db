// The service's end of `logwisp reload` (include/logwisp/control.hpp). Control thread.
#pragma once

#include <string>
#include <string_view>

namespace logwisp {

class Control {
  public:
    Control();  // says so when nobody can be heard, and goes on
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // Readable when somebody asks; -1: never.
    [[nodiscard]] int descriptor() const { return listening_; }
    // Somebody who may ask for a reload: to be answered. -1: there is nobody any more.
    [[nodiscard]] int accept() const;
    // Never waits: a reader that is not there when it is answered hears nothing.
    static void answer(int asker, int exit_code, std::string_view text);

  private:
    int listening_ = -1;
};

}  // namespace logwisp
