#include "entry/marks.hpp"

#include <charconv>
#include <cstring>

#include "entry/encode.hpp"

namespace logwisp {

namespace {

char* put(std::string_view piece, char* out) {
    std::memcpy(out, piece.data(), piece.size());
    return out + piece.size();
}

char* put_name(std::string_view name, char* out) {
    *out++ = '"';
    out = put(name, out);
    return put("\":", out);
}

}  // namespace

char* write_marks(const Line& line, char* out) {
    const char* const begin = out;
    const char* const end = begin + marks_bytes_max;
    if (line.original_bytes != 0) {
        out = put("true,", put_name(mark_truncated, out));
        out = put_name(mark_original_bytes, out);
        out = std::to_chars(out, out + (end - out), line.original_bytes).ptr;
    }
    if (line.partial) {
        if (out != begin) *out++ = ',';
        out = put("true", put_name(mark_partial, out));
    }
    return out;
}

}  // namespace logwisp
