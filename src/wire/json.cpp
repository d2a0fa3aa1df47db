#include "wire/json.hpp"

#include <charconv>

#include "base/check.hpp"
#include "wire/utf8.hpp"

namespace logwisp {
namespace {

void append_escaped(std::string& out, unsigned char byte) {
    static constexpr char hex[] = "0123456789abcdef";
    switch (byte) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += hex[byte >> 4];
            out += hex[byte & 15];
    }
}

template <class Integer>
void append_number(std::string& out, Integer value) {
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    CHECK(error == std::errc());
    out.append(digits, end);
}

// How many bytes of ASCII come first that stand for themselves.
std::size_t plain_bytes(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size()) {
        const auto byte = static_cast<unsigned char>(text[count]);
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
        ++count;
    }
    return count;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (true) {
        const std::size_t plain = plain_bytes(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const Utf8Step step = utf8_step(text);
        const auto byte = static_cast<unsigned char>(text.front());
        if (!step.well_formed) {
            out += "\xEF\xBF\xBD";
        } else if (byte < 0x20 || byte == '"' || byte == '\\') {
            append_escaped(out, byte);
        } else {
            out.append(text.substr(0, step.bytes));
        }
        text.remove_prefix(step.bytes);
    }
    out += '"';
}

// Every value and every key passes here: a value after its key needs no comma, the first of its
// object or array neither.
void JsonWriter::separate() {
    if (!after_key_ && !first_) out_ += ',';
    after_key_ = false;
    first_ = false;
}

void JsonWriter::begin_object() {
    separate();
    out_ += '{';
    first_ = true;
}

void JsonWriter::end_object() {
    CHECK(!after_key_);
    out_ += '}';
    first_ = false;
}

void JsonWriter::begin_array() {
    separate();
    out_ += '[';
    first_ = true;
}

void JsonWriter::end_array() {
    CHECK(!after_key_);
    out_ += ']';
    first_ = false;
}

void JsonWriter::key(std::string_view name) {
    CHECK(!after_key_);
    separate();
    append_json_string(out_, name);
    out_ += ':';
    after_key_ = true;
}

void JsonWriter::string(std::string_view value) {
    separate();
    append_json_string(out_, value);
}

void JsonWriter::number(std::uint64_t value) {
    separate();
    append_number(out_, value);
}

void JsonWriter::number(std::int64_t value) {
    separate();
    append_number(out_, value);
}

void JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
}

void JsonWriter::null() {
    separate();
    out_ += "null";
}

void JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

}  // namespace logwisp
