// A head means the same however it is cut: the input whole, in two pieces, and byte by byte. And
// what comes out of an accepted head is fit for what it is used for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/http_transcript.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_requests(std::string_view input) {
    logwisp::HttpParser parser;
    while (!input.empty()) {
        std::size_t used = 0;
        const auto outcome = parser.feed({input.data(), input.size()}, used);
        if (outcome != logwisp::HttpParser::Outcome::request) return;
        const logwisp::HttpRequest& request = parser.request();
        const std::string path(request.path);
        require(path == "*" || path.starts_with('/'));
        require(!path.starts_with("//"));
        require((path + '/').find("/../") == std::string::npos);
        require(path.find_first_of(std::string_view("\0\r\n\\\x7f", 5)) == std::string::npos);
        require(request.minor_version == 0 || !request.host.empty());
        (void)logwisp::query_value(request.query, "tail");

        logwisp::HttpAnswer answer;
        answer.headers = {{"Access-Control-Allow-Origin", std::string(request.origin)}};
        const std::string out = logwisp::http_answer(answer);
        require(out.find("\r\n\r\n") == out.size() - 4);
        input.remove_prefix(used);
        parser.next();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
    if (bytes == 0) return 0;
    // The first byte says where to cut.
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, bytes - 1);
    const auto whole = logwisp::test::transcript_of(input);
    require(logwisp::test::transcript_cut_at(input, input.size() * data[0] / 256) == whole);
    require(logwisp::test::transcript_by_byte(input) == whole);
    check_requests(input);
    return 0;
}
