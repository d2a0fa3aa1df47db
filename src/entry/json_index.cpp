#include "entry/json_index.hpp"

#include <simdjson.h>

#include <bit>

#include "base/check.hpp"
#include "entry/utf8.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

static_assert(simdjson::SIMDJSON_PADDING <= line_padding_bytes);

// The first stage does not nest; the depth is only what simdjson's second stage, never used here,
// would be sized for.
constexpr std::size_t unused_depth = 1;

struct JsonIndex::Stage {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

JsonIndex::JsonIndex(std::size_t bytes) : stage_(std::make_unique<Stage>()) {
    const simdjson::error_code error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(bytes, unused_depth,
                                                                                stage_->parser);
    CHECK(error == simdjson::SUCCESS);
}

JsonIndex::~JsonIndex() = default;

JsonIndexResult JsonIndex::build(std::string_view text) {
    auto& parser = *stage_->parser;
    // No memory for the index: the line is passed on as text.
    if (text.size() > parser.capacity() &&
        parser.set_capacity(std::bit_ceil(text.size())) != simdjson::SUCCESS)
        return JsonIndexResult::not_json;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    switch (parser.stage1(bytes, text.size(), simdjson::stage1_mode::regular)) {
        case simdjson::SUCCESS:
            return JsonIndexResult::indexed;
        case simdjson::UTF8_ERROR:
            return JsonIndexResult::not_utf8;
        default:
            return JsonIndexResult::not_json;
    }
}

std::span<const std::uint32_t> JsonIndex::tokens() const {
    return {stage_->parser->structural_indexes.get(), stage_->parser->n_structural_indexes};
}

bool utf8_valid(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace logwisp
