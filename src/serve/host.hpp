// What sessions need of the core they live on. Implemented by core/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/buffer_pool.hpp"
#include "base/result.hpp"
#include "reactor/reactor.hpp"
#include "serve/stream_info.hpp"
#include "stream/past.hpp"
#include "stream/stream.hpp"

namespace logwisp {

class Session;
enum class MetricsFormat : std::uint8_t;
struct StatusQuestion;

class Host {
  public:
    virtual Reactor& reactor() = 0;
    virtual BufferPool& buffers() = 0;
    [[nodiscard]] virtual std::size_t core_index() const = 0;
    [[nodiscard]] virtual std::int64_t wall_us() = 0;
    [[nodiscard]] virtual std::uint64_t random() = 0;

    // The session's on_joined() is called once the stream is on this core with its history: at once
    // on the home core, after a message there and back elsewhere. A session that ends before simply
    // leaves.
    virtual void join(const std::shared_ptr<StreamInfo>& stream, Session& session) = 0;
    // The session's on_status() is called with the JSON, in this or a later turn.
    virtual void ask_status(const std::shared_ptr<StreamInfo>& stream,
                            const StatusQuestion& question, Session& session) = 0;
    [[nodiscard]] virtual std::string all_status() = 0;
    [[nodiscard]] virtual std::string metrics(MetricsFormat format) = 0;
    // Every stream follows its targets and nobody is draining.
    [[nodiscard]] virtual bool ready() const = 0;
    // The process is stopping: readers are given what they lack, new ones are not taken.
    [[nodiscard]] virtual bool draining() const = 0;

    // `reader` is given past entries from `next` on; see stream/past.hpp. `source` outlives that.
    virtual void begin_past(PastReader& reader, const PastSource& source, std::uint64_t next) = 0;
    // It takes more.
    virtual void continue_past(PastReader& reader) = 0;
    // No-op when it reads no past.
    virtual void end_past(PastReader& reader) = 0;
    // The first entry that was read at `time_us` or later; empty: none was yet. The oldest that is
    // recorded; empty: none is. Errors: no file can be opened now.
    [[nodiscard]] virtual Result<std::optional<std::uint64_t>> past_since(const PastSource& source,
                                                                          std::int64_t time_us) = 0;
    [[nodiscard]] virtual Result<std::optional<std::uint64_t>> past_begin(
        const PastSource& source) = 0;

    // pump() is called at the end of this turn.
    virtual void request_pump(Session& session) = 0;
    // Nobody holds the session any more; it is destroyed at the end of the turn.
    virtual void ended(Session& session) = 0;

    // Sends from rings that are in flight: while there are any, nothing is appended on this core.
    std::uint32_t lent_sends = 0;

  protected:
    ~Host() = default;
};

}  // namespace logwisp
