#include "tail/notice.hpp"

#include <fmt/format.h>

namespace logwisp {

std::size_t encode_notice(Encoder& encoder, const Notice& notice, Timestamp made,
                          std::string_view source, char* out) {
    char message[128];
    char fields[64];
    const auto written =
        fmt::format_to_n(message, sizeof(message), "Log rotation detected (#{}): {}", notice.number,
                         reason_text(notice.reason));
    std::size_t fields_bytes = 0;
    if (notice.loss.at_least)
        fields_bytes = fmt::format_to_n(fields, sizeof(fields), "\"lost_bytes_at_least\":{}",
                                        notice.loss.bytes)
                           .size;
    else if (notice.loss.bytes != 0)
        fields_bytes =
            fmt::format_to_n(fields, sizeof(fields), "\"lost_bytes\":{}", notice.loss.bytes).size;
    static_assert(sizeof(message) + sizeof(fields) <= 192);
    return encoder.encode_notice(made, source, {message, written.size}, {fields, fields_bytes},
                                 out);
}

}  // namespace logwisp
