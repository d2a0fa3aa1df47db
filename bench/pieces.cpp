// The pieces of a line's way, one by one: time by Google Benchmark, and, because time wobbles, the
// number of instructions by callgrind.
//
// Usage: pieces [--benchmark_...]    as Google Benchmark's programs
//        pieces --once PIECE         one piece over a thousand items, for callgrind
//        pieces --list               their names
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "entry/encode.hpp"
#include "entry/escape.hpp"
#include "entry/parse.hpp"
#include "stream/ring.hpp"
#include "tail/splitter.hpp"
#include "wire/http.hpp"
#include "wire/sse.hpp"

namespace logwisp::bench {
namespace {

constexpr std::size_t items = 1000;
constexpr std::size_t send_bytes = 64 * 1024;

constexpr std::string_view plain_line =
    "2024-01-01T12:00:00.123456Z INFO  app.worker[1234]: request 0123456789abcdef served in 12.5 "
    "ms, 200 OK, 5120 bytes, cache hit, client 192.0.2.17:54321, \"GET /orders/42?full=1 "
    "HTTP/1.1\", ok ok";
constexpr std::string_view json_line =
    R"({"ts":"2024-01-01T12:00:00.123456Z","level":"info","logger":"app.worker","pid":1234,)"
    R"("msg":"request served","request":"0123456789abcdef","ms":12.5,"status":200,"bytes":5120,)"
    R"("cache":true,"client":{"address":"192.0.2.17","port":54321},"path":"/orders/42?full=1",)"
    R"("tags":["orders","full"],"trace":"4bf92f3577b34da6a3ce929d0e0e4736","span":"00f067aa0ba9"})";
constexpr std::string_view request_head =
    "GET /stream?tail=10 HTTP/1.1\r\nHost: localhost:8080\r\nConnection: keep-alive\r\n"
    "Accept: text/event-stream\r\nCache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
    "Referer: http://localhost:8080/\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\nLast-Event-ID: 660dce40d76c8-42\r\n\r\n";

struct Piece {
    std::string_view name;
    // Makes what does all items once.
    std::function<void()> (*make)();
};

// With readable bytes behind it, as lines have in a read buffer.
std::string padded(std::string_view text) {
    return std::string(text) + std::string(line_padding_bytes, '\0');
}

Line line_of(const std::string& padded_text) {
    return {
        .bytes = std::string_view(padded_text).substr(0, padded_text.size() - line_padding_bytes),
        .source = "app.log",
        .read_at = {1'704'110'400'123'456}};
}

std::function<void()> make_split() {
    std::string text;
    for (std::size_t i = 0; i < items; ++i) text.append(plain_line).append("\n");
    struct State {
        std::string text;
        CarryPool pool;
        Splitter splitter{1 << 20, pool};
    };
    auto state = std::make_shared<State>();
    state->text = padded(text);
    return [state] {
        std::string_view chunk(state->text.data(), state->text.size() - line_padding_bytes);
        SplitLine line;
        while (state->splitter.next(chunk, line)) benchmark::DoNotOptimize(line.bytes.data());
    };
}

template <const std::string_view& text>
std::function<void()> make_parse() {
    return [line = padded(text), parser = std::make_shared<LineParser>()] {
        for (std::size_t i = 0; i < items; ++i)
            benchmark::DoNotOptimize(parser->parse(line_of(line)));
    };
}

template <const std::string_view& text>
std::function<void()> make_encode() {
    auto out = std::make_shared<std::vector<char>>(entry_bytes_max(text.size()));
    return [line = padded(text), out, encoder = std::make_shared<Encoder>()] {
        for (std::size_t i = 0; i < items; ++i)
            benchmark::DoNotOptimize(encoder->encode(line_of(line), out->data()));
    };
}

std::function<void()> make_escape() {
    auto out = std::make_shared<std::vector<char>>(entry_bytes_max(plain_line.size()));
    return [line = padded(plain_line), out] {
        for (std::size_t i = 0; i < items; ++i)
            benchmark::DoNotOptimize(write_escaped_padded(line_of(line).bytes, out->data()));
    };
}

std::function<void()> make_frame() {
    auto out = std::make_shared<std::vector<char>>(json_line.size() + sse_frame_overhead_max);
    return [out] {
        for (std::size_t i = 0; i < items; ++i)
            benchmark::DoNotOptimize(
                sse_frame("660dce40d76c8", 1'000'000 + i, json_line, out->data()));
    };
}

std::shared_ptr<Ring> small_ring() {
    return std::make_shared<Ring>(static_cast<std::uint32_t>(items), items * 512, 1);
}

void append(Ring& ring) {
    char* to = ring.prepare(json_line.size());
    std::memcpy(to, json_line.data(), json_line.size());
    ring.commit(ring.next(), json_line.size());
}

std::function<void()> make_ring_append() {
    return [ring = small_ring()] {
        for (std::size_t i = 0; i < items; ++i) append(*ring);
    };
}

// As for readers that each lack the newest ten entries.
std::function<void()> make_ring_read() {
    auto ring = small_ring();
    for (std::size_t i = 0; i < items; ++i) append(*ring);
    return [ring] {
        for (std::size_t i = 0; i < items; ++i) {
            const std::uint64_t cursor = ring->next() - 10;
            const auto bytes = ring->from(cursor, send_bytes);
            benchmark::DoNotOptimize(ring->advance(cursor, bytes.size()));
        }
    };
}

std::function<void()> make_http_head() {
    return [parser = std::make_shared<HttpParser>()] {
        for (std::size_t i = 0; i < items; ++i) {
            std::size_t used = 0;
            benchmark::DoNotOptimize(parser->feed(request_head, used));
            parser->next();
        }
    };
}

constexpr Piece pieces[] = {
    {"split", make_split},
    {"parse_plain", make_parse<plain_line>},
    {"parse_json", make_parse<json_line>},
    {"encode_plain", make_encode<plain_line>},
    {"encode_json", make_encode<json_line>},
    {"escape", make_escape},
    {"frame_sse", make_frame},
    {"ring_append", make_ring_append},
    {"ring_read", make_ring_read},
    {"http_head", make_http_head},
};

}  // namespace
}  // namespace logwisp::bench

// What callgrind is told to count the inside of.
extern "C" __attribute__((noinline)) void counted_piece(const std::function<void()>& run) { run(); }

int main(int argc, char** argv) {
    using namespace logwisp::bench;
    const std::string_view first = argc > 1 ? argv[1] : "";
    if (first == "--list") {
        for (const Piece& piece : pieces) std::printf("%s\n", piece.name.data());
        return 0;
    }
    if (first == "--once") {
        for (const Piece& piece : pieces) {
            if (argc != 3 || piece.name != argv[2]) continue;
            const auto run = piece.make();
            run();  // tables are built and memory is touched outside of the count
            counted_piece(run);
            return 0;
        }
        std::fprintf(stderr, "pieces: no such piece\n");
        return 2;
    }
    for (const Piece& piece : pieces)
        benchmark::RegisterBenchmark(piece.name.data(), [&piece](benchmark::State& state) {
            const auto run = piece.make();
            for (auto step : state) run();
            state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * items));
        });
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
