// What `logwisp tail` prints: entries on standard output, notices ("-- 120 entries missed --") on
// standard error, in the order in which they happened. Entries are gathered and written once per
// burst, always whole lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/tail_client_json.hpp"
#include "app/tail_client_socket.hpp"

namespace logwisp {

struct OutputLook {
    bool json = false;  // entries as they came
    bool color = false;
};

class TailOutput {
  public:
    TailOutput(int descriptor, OutputLook look, const Waiter& waiter)
        : descriptor_(descriptor), look_(look), waiter_(waiter) {}

    // `data` as it came, `entry` its members.
    void entry(std::string_view data, const std::vector<JsonMember>& entry);
    // Something that is no JSON object: shown as it is.
    void text(std::string_view data);
    // Writes out the entries before it.
    void notice(std::string_view text);
    void flush();

    // Nobody reads any more, or a signal came while we were writing: the program ends.
    [[nodiscard]] bool closed() const { return closed_; }
    // errno of a write that failed for another reason (a full disk).
    [[nodiscard]] int error() const { return error_; }

  private:
    void flush_if_large();

    int descriptor_;
    OutputLook look_;
    const Waiter& waiter_;
    std::string lines_;
    bool closed_ = false;
    int error_ = 0;
};

}  // namespace logwisp
